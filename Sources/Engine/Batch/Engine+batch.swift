import Catalog
import Core
import Ledger
import Routing

/// A row of a batch as routing sees it: its request, and what every model is predicted to make of it.
struct BatchForecast {
    var request: ChatRequest
    var step: Step
    var candidates: [Candidate]
    var context: RoutingContext
    var policyName: String?
    /// Whether the row names its model itself.
    var isPinned: Bool

    /// The order to let one model do the row.
    func order(_ model: ModelID, decisionID: String, attribution: Attribution) -> StepOrder {
        let able = candidates.filter { $0.rejection == nil }
        let reference = able.max { $0.isWorseReference(than: $1) }?.model ?? model
        let decision = Decision(
            id: decisionID, runID: step.runID, stepID: step.id, position: 1, model: model, reference: reference,
            kappa: context.policy.kappa.kappa(at: 1), stage: isPinned ? .pinned : .plan,
            reason: isPinned ? "\(model): named by the row" : "\(model): the plan of the batch", considered: [],
            candidates: candidates, fallbacks: [], catalogVersion: context.catalogVersion)
        return StepOrder(
            request: request, step: step, decision: decision, context: context, attribution: attribution,
            policyName: policyName)
    }
}

extension Engine {
    /// Predicts every model for a row, by the same code as a live call; nobody is called.
    ///
    /// - Parameter models: those that may be called.
    func forecast(
        _ row: BatchRow, terms: BatchTerms, models: [PricedModel], caller: Caller
    ) throws(EngineError) -> BatchForecast {
        let request: ChatRequest
        do {
            var document = try JSONDocument(row.request)
            if let model = terms.model {
                document = try JSONDocument(document.settingMembers([("model", JSONWriter.quoted(model))]))
            }
            request = try ChatRequest(document)
        } catch {
            throw .badRequest(error as? FieldError ?? FieldError("body", "\(error)"))
        }
        let named = (terms.policyName ?? caller.policy).map { "hera/\($0)" } ?? "hera"
        let name = request.model == "hera" ? named : request.model
        var policy: Policy
        var policyName: String?
        var isPinned = false
        switch try target(of: name, at: .now()) {
        case .policy(let base, let name): (policy, policyName) = (base, name)
        case .pinned(let pinned):
            guard models.contains(where: { $0.model.id == pinned.model.id }) else {
                throw .badRequest(FieldError("model", "\(pinned.model.id) may not be used here"))
            }
            policy = Policy(models: ModelFilter(allow: [pinned.model.id]))
            isPinned = true
        }
        do throws(FieldError) {
            if !isPinned, let json = terms.policy.flatMap({ try? JSONDocument($0).root }) {
                policy = try Policy(json: json, base: policy, path: "hera.policy")
            }
            if let json = request.policy { policy = try Policy(json: json, base: policy, path: "hera") }
        } catch {
            throw .badRequest(error)
        }
        policy.models = try resolved(policy.models)
        let context = RoutingContext(
            models: models, economics: settings.economics, policy: policy, remaining: Remaining(), horizon: 1,
            catalogVersion: fleet.catalog.version)
        let step = request.step(id: "\(row.batchID)_\(row.line)", runID: row.batchID, previousModel: nil)
        let estimates = estimator.estimates(of: step.text, for: models.map(\.model))
        let candidates = RowLimits(policy: policy, economics: settings.economics).applied(
            to: Candidates.of(step, in: context, predicting: estimates.prediction(for:)))
        guard candidates.contains(where: { $0.rejection == nil }) else {
            throw .routing(.noCandidate(candidates.map { ($0.model, $0.rejection ?? "") }))
        }
        return BatchForecast(
            request: request, step: step, candidates: candidates, context: context, policyName: policyName,
            isPinned: isPinned)
    }

    /// The models that a caller's batch may use now.
    func batchModels(for caller: Caller) throws(EngineError) -> [PricedModel] {
        let admitted = try resolved(caller.models)
        return fleet.models(at: .now()).filter { admitted.admits($0.model.id) }
    }
}

extension Candidate {
    /// Better quality first, then lower cost, then name: the order of references.
    fileprivate func isWorseReference(than other: Candidate) -> Bool {
        if prediction.quality != other.prediction.quality { return prediction.quality < other.prediction.quality }
        if cost.total != other.cost.total { return cost.total > other.cost.total }
        return model > other.model
    }
}
