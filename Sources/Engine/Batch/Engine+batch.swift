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

    /// What a decision says of the way in which a model serves the row, where it is not the ordinary one.
    private func tier(of model: ModelID) -> String {
        switch candidates.first(where: { $0.model == model })?.serviceTier ?? .standard {
        case .standard: ""
        case .batch: ", tier batch: with others as a batch of the provider's, at its price"
        case let tier: ", tier \(tier.rawValue)"
        }
    }

    /// The order to let one model do the row.
    func order(_ model: ModelID, decisionID: String, attribution: Attribution) -> StepOrder {
        let able = candidates.filter { $0.rejection == nil }
        let reference = able.max { $0.isWorseReference(than: $1) }?.model ?? model
        let decision = Decision(
            id: decisionID, runID: step.runID, stepID: step.id, position: 1, model: model, reference: reference,
            kappa: context.policy.kappa.kappa(at: 1), stage: isPinned ? .pinned : .plan,
            reason: (isPinned ? "\(model): named by the row" : "\(model): the plan of the batch") + tier(of: model),
            considered: [],
            candidates: candidates, fallbacks: [], catalogVersion: context.catalogVersion)
        return StepOrder(
            request: request, step: step, decision: decision, context: context, attribution: attribution,
            policyName: policyName)
    }
}

extension Engine {
    /// Predicts every model for a row, by the same code as a live call; nobody is called.
    ///
    /// - Parameters:
    ///   - models: those that may be called.
    ///   - allowsBatchTier: whether the row may go to a provider's batch, where its policy and the model's endpoint allow
    ///     that too.
    func forecast(
        _ row: BatchRow, terms: BatchTerms, models: [PricedModel], caller: Caller, allowsBatchTier: Bool
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
            let asked = terms.policy.flatMap { try? JSONDocument($0).root }
            if isPinned {
                // Who names the model leaves open how it is paid for: that is the batch's policy to say.
                var base = Policy()
                if case .policy(let found, _)? = try? target(of: named, at: .now()) { base = found }
                if let asked { base = try Policy(json: asked, base: base, path: "hera.policy") }
                policy.plan.serviceTiers = base.plan.serviceTiers
            } else if let asked {
                policy = try Policy(json: asked, base: policy, path: "hera.policy")
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
        let able = allowsBatchTier ? batchTierModels(of: models, policy: policy) : []
        let candidates = RowLimits(policy: policy, economics: settings.economics).applied(
            to: Self.candidates(of: step, in: context, batchTier: able, predicting: estimates.prediction(for:)))
        guard candidates.contains(where: { $0.rejection == nil }) else {
            throw .routing(.noCandidate(candidates.map { ($0.model, $0.rejection ?? "") }))
        }
        return BatchForecast(
            request: request, step: step, candidates: candidates, context: context, policyName: policyName,
            isPinned: isPinned)
    }

    /// The models that may do a row as part of a provider's batch: those whose provider has such an interface, where the
    /// policy names the tier and leaves a provider's day.
    private func batchTierModels(of models: [PricedModel], policy: Policy) -> Set<ModelID> {
        guard policy.plan.serviceTiers.contains(.batch),
            policy.deadlineSeconds.map({ $0 >= settings.limits.providerWindowSeconds }) ?? true
        else { return [] }
        return Set(models.filter { $0.model.endpoint.batches != nil }.map(\.model.id))
    }

    /// Candidates in the order of the models, those of `batchTier` at their batch rates where these are cheaper.
    private static func candidates(
        of step: Step, in context: RoutingContext, batchTier: Set<ModelID>, predicting: (Model) -> Prediction
    ) -> [Candidate] {
        guard !batchTier.isEmpty else { return Candidates.of(step, in: context, predicting: predicting) }
        var (ordinary, batches) = (context, context)
        ordinary.models.removeAll { batchTier.contains($0.model.id) }
        batches.models.removeAll { !batchTier.contains($0.model.id) }
        batches.isBatch = true
        let all = [ordinary, batches].flatMap { Candidates.of(step, in: $0, predicting: predicting) }
        return context.models.compactMap { model in all.first { $0.model == model.model.id } }
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
