import Calls
import Catalog
import Dialects
import Domain
import JSON
import Ledger
import Routing
import Steps

/// A row of a batch as routing sees it: its request, and what every model is predicted to make of it.
struct RowForecast {
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
    func order(_ model: ModelID, decisionID: String, attribution: Attribution) -> PreparedStep {
        let able = candidates.filter { $0.rejection == nil }
        let reference = able.max { $0.isWorseReference(than: $1) }?.model ?? model
        let decision = Decision(
            id: decisionID, runID: step.runID, stepID: step.id, position: 1, model: model, reference: reference,
            kappa: context.policy.kappa.kappa(at: 1), stage: isPinned ? .pinned : .plan,
            reason: (isPinned ? "\(model): named by the row" : "\(model): the plan of the batch") + tier(of: model),
            considered: [],
            candidates: candidates, fallbacks: [], catalogVersion: context.catalogVersion)
        return PreparedStep(
            request: request, step: step, decision: decision, context: context, attribution: attribution,
            policyName: policyName)
    }
}

extension StepService {
    /// What a row asks for, and the policy that holds for it.
    private struct RowRules {
        var policy: Policy
        var policyName: String?
        var isPinned = false
    }

    /// Predicts every model for a row, by the same code as a live call; nobody is called.
    ///
    /// - Parameters:
    ///   - models: those that may be called.
    ///   - allowsBatchTier: whether the row may go to a provider's batch, where its policy and the model's endpoint allow
    ///     that too.
    func forecast(
        _ row: BatchRow, terms: BatchOptions, models: [PricedModel], caller: Caller, allowsBatchTier: Bool
    ) throws(ServiceError) -> RowForecast {
        let request = try request(of: row, terms: terms)
        let rules = try rules(for: request, terms: terms, models: models, caller: caller)
        let able = allowsBatchTier ? batchTierModels(of: models, policy: rules.policy) : []
        var forecast = forecast(of: request, row, rules, models: models, batchTier: able)
        forecast.candidates = RowLimits(policy: rules.policy, economics: settings.economics).applied(
            to: forecast.candidates)
        guard forecast.candidates.contains(where: { $0.rejection == nil }) else {
            throw .routing(.noCandidate(forecast.candidates.map { ($0.model, $0.rejection ?? "") }))
        }
        return forecast
    }

    /// The same for a row that goes to a model's provider, or was there. Whatever the key, the policies and the
    /// predictions have become since the row was planned, what its model does is paid for: it is always a candidate.
    ///
    /// - Parameter model: with the price that the row was reserved at.
    func forecast(
        _ row: BatchRow, terms: BatchOptions, atProviderOf model: PricedModel, models: [PricedModel], caller: Caller
    ) throws(ServiceError) -> RowForecast {
        let request = try request(of: row, terms: terms)
        let others = models.filter { $0.model.id != model.model.id }
        let found = try? rules(for: request, terms: terms, models: others + [model], caller: caller)
        var rules = found ?? RowRules(policy: Policy())
        if !rules.policy.plan.serviceTiers.contains(.batch) { rules.policy.plan.serviceTiers.append(.batch) }
        let able = batchTierModels(of: others, policy: rules.policy).union([model.model.id])
        var forecast = forecast(of: request, row, rules, models: others + [model], batchTier: able)
        for index in forecast.candidates.indices where forecast.candidates[index].model == model.model.id {
            forecast.candidates[index].rejection = nil
        }
        return forecast
    }

    private func forecast(
        of request: ChatRequest, _ row: BatchRow, _ rules: RowRules, models: [PricedModel], batchTier: Set<ModelID>
    ) -> RowForecast {
        let context = RoutingContext(
            models: models, economics: settings.economics, policy: rules.policy, remaining: Remaining(), horizon: 1,
            catalogVersion: fleet.catalog.version)
        let step = request.step(id: "\(row.batchID)_\(row.line)", runID: row.batchID, previousModel: nil)
        let estimates = estimator.estimates(of: step.text, for: models.map(\.model))
        return RowForecast(
            request: request, step: step,
            candidates: Self.candidates(
                of: step, in: context, batchTier: batchTier, predicting: estimates.prediction(for:)),
            context: context, policyName: rules.policyName, isPinned: rules.isPinned)
    }

    private func request(of row: BatchRow, terms: BatchOptions) throws(ServiceError) -> ChatRequest {
        do {
            var document = try JSONDocument(row.request)
            if let model = terms.model {
                document = try JSONDocument(document.settingMembers([("model", JSONWriter.quoted(model))]))
            }
            return try ChatRequest(document)
        } catch {
            throw .badRequest(error as? FieldError ?? FieldError("body", "\(error)"))
        }
    }

    private func rules(
        for request: ChatRequest, terms: BatchOptions, models: [PricedModel], caller: Caller
    ) throws(ServiceError) -> RowRules {
        let named = (terms.policyName ?? caller.policy).map { "hera/\($0)" } ?? "hera"
        var rules: RowRules
        switch try target(of: request.model == "hera" ? named : request.model, at: .now()) {
        case .policy(let base, let name): rules = RowRules(policy: base, policyName: name)
        case .pinned(let pinned):
            guard models.contains(where: { $0.model.id == pinned.model.id }) else {
                throw .badRequest(FieldError("model", "\(pinned.model.id) may not be used here"))
            }
            rules = RowRules(policy: Policy(models: ModelFilter(allow: [pinned.model.id])), isPinned: true)
        }
        do throws(FieldError) {
            let asked = terms.policy.flatMap { try? JSONDocument($0).root }
            if rules.isPinned {
                // Who names the model leaves open how it is paid for: that is the batch's policy to say.
                var base = Policy()
                if case .policy(let found, _)? = try? target(of: named, at: .now()) { base = found }
                if let asked { base = try Policy(json: asked, base: base, path: "hera.policy") }
                rules.policy.plan.serviceTiers = base.plan.serviceTiers
            } else if let asked {
                rules.policy = try Policy(json: asked, base: rules.policy, path: "hera.policy")
            }
            if let json = request.policy { rules.policy = try Policy(json: json, base: rules.policy, path: "hera") }
        } catch {
            throw .badRequest(error)
        }
        rules.policy.models = try resolved(rules.policy.models)
        return rules
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

    /// The models that a caller's batch may use. One that rests after failures is among them: a batch waits for it.
    func batchModels(for caller: Caller) throws(ServiceError) -> [PricedModel] {
        let admitted = try resolved(caller.models)
        let now = Timestamp.now()
        return fleet.catalog.models.compactMap { model in
            guard admitted.admits(model.id), !model.capabilities.contains(.embeddings),
                fleet.availability(of: model.id) == .live
            else { return nil }
            return fleet.pricedModel(model.id, at: now)
        }
    }
}
