package import Calls
import Catalog
import Domain
import JSON
import Ledger
import Routing

extension StepService {
    /// Embeds texts with the model that the request names.
    ///
    /// Nothing is routed: vectors of different models lie in different spaces, and an index of mixed ones finds nothing.
    /// The work goes on after the client has gone: what is paid for is read and booked.
    package func embeddings(
        _ request: EmbeddingsRequest, from caller: Caller
    ) async throws -> EmbeddingsReply {
        let priced = try embedder(request.model, for: caller)
        let runID = caller.session ?? Identifier.make("embeddings")
        let account = Attribution(team: caller.team, key: caller.key, session: runID, labels: caller.labels)
        let request = try EmbeddingsRequest(try await guarded(request.document, run: runID, account))
        let decision = Decision(
            id: Identifier.make("dec"), runID: runID, stepID: Identifier.make("step"), position: 1,
            model: priced.model.id, reference: priced.model.id, kappa: 0, stage: .pinned,
            reason: "\(priced.model.id): named by the caller", considered: [], candidates: [], fallbacks: [],
            catalogVersion: registry.catalog.version,
            requestedModel: priced.model.id.rawValue == request.model ? nil : request.model)
        let call = EmbeddingsCall(
            calls: calls, request: request, priced: priced, decision: decision, economics: settings.economics,
            attribution: account,
            trace: caller.trace)
        return try await pool.value { try await call.run() }
    }

    /// The model of a name, where it makes vectors and the caller may use it.
    private func embedder(_ name: String, for caller: Caller) throws -> PricedModel {
        if name == "hera" || name.hasPrefix("hera/") {
            throw FieldError(
                "model",
                "must name one model: vectors of different models cannot be compared, so nothing is routed here; "
                    + embedderNames)
        }
        // An alias for all names means the policies of chats; a model that makes vectors keeps its names.
        let meant = meaning(of: name)
        let priced = try model(named: ModelAliases.isOwn(meant) ? name : meant, at: .now())
        guard priced.model.capabilities.contains(.embeddings), priced.model.endpoint.wire == .openAI else {
            throw FieldError("model", "\(priced.model.id) makes no embeddings; \(embedderNames)")
        }
        guard try resolved(caller.models).admits(priced.model.id) else {
            throw FieldError("model", "this key may not use \(priced.model.id)")
        }
        return priced
    }

    private var embedderNames: String {
        let names = registry.catalog.models.filter { $0.capabilities.contains(.embeddings) }.map(\.id.rawValue)
        return names.isEmpty
            ? "the catalog has none that does: add one with `capabilities: [embeddings]` (Catalog/README.md)"
            : "these do: \(names.joined(separator: ", "))"
    }
}
