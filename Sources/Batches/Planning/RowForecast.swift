import Calls
import Catalog
import Dialects
import Domain
import JSON
import Ledger
import Routing
import Steps

/// A routed batch row: its request and the prediction of every model.
struct RowForecast {
    var request: ChatRequest
    var step: Step
    var candidates: [Candidate]
    var context: RoutingContext
    var policyName: String?
    /// Whether the row names its model.
    var isPinned: Bool
    /// The candidates under the price of lost quality; nil under a line of kappa.
    var priced: PricedStep?
    /// Candidates that the plan leaves out under `max_loss`, by falling value. They answer where the others fail.
    var reserves: [ModelID] = []

    /// Suffix for the decision's reason; empty for the standard tier.
    private func tier(of model: ModelID) -> String {
        switch candidates.first(where: { $0.model == model })?.serviceTier ?? .standard {
        case .standard: ""
        case .batch: ", tier batch: with others as a batch of the provider's, at its price"
        case let tier: ", tier \(tier.rawValue)"
        }
    }

    /// Prepares the row for one model.
    func prepared(_ model: ModelID, decisionID: String, attribution: Attribution) -> PreparedStep {
        let able = candidates.filter { $0.rejection == nil }
        let reference = priced?.referenceModel ?? able.max { $0.isWorseReference(than: $1) }?.model ?? model
        let decision = Decision(
            id: decisionID, runID: step.runID, stepID: step.id, position: 1, model: model, reference: reference,
            kappa: priced?.kappa(of: model) ?? context.policy.kappa.kappa(at: 1), stage: isPinned ? .pinned : .plan,
            reason: (isPinned ? "\(model): named by the row" : "\(model): the plan of the batch") + tier(of: model),
            considered: [],
            candidates: candidates, fallbacks: [], catalogVersion: context.catalogVersion)
        return PreparedStep(
            request: request, step: step, decision: decision, context: context, attribution: attribution,
            policyName: policyName)
    }
}

extension StepService {
    /// The policy that applies to a row.
    private struct RowRules {
        var policy: Policy
        var policyName: String?
        var isPinned = false
    }

    /// Whether `max_loss` bounds what a plan buys for a row, and whether limits may force cheaper models than it would
    /// choose.
    private enum Dial {
        case off
        case on(hasLimits: Bool)
    }

    /// Predicts every model for a row by the code of live calls; no model is called.
    ///
    /// - Parameters:
    ///   - models: those that may be called.
    ///   - allowsBatchTier: whether the row may go to a provider batch, if its policy and the endpoint allow that too.
    func forecast(
        _ row: BatchRow, terms: BatchOptions, models: [PricedModel], caller: Caller, allowsBatchTier: Bool
    ) throws -> RowForecast {
        let request = try request(of: row, terms: terms)
        let rules = try rules(for: request, terms: terms, models: models, caller: caller)
        let able = allowsBatchTier ? batchTierModels(of: models, policy: rules.policy) : []
        // A least accuracy of the whole batch may need more quality than a row's own price asks for.
        let hasLimits = terms.budget != nil || terms.deadline != nil || terms.energyJoules != nil
        var forecast = forecast(
            of: request, row, rules, models: models, batchTier: able,
            dial: terms.minAccuracy == nil ? .on(hasLimits: hasLimits) : .off)
        forecast.candidates = RowLimits(policy: rules.policy, economics: settings.economics).applied(
            to: forecast.candidates)
        guard forecast.candidates.contains(where: { $0.rejection == nil }) else {
            throw RoutingError.noCandidate(forecast.candidates.map { ($0.model, $0.rejection ?? "") })
        }
        return forecast
    }

    /// Forecasts a row that goes to, or comes from, a model's provider. Its model is always a candidate: the provider's
    /// work is paid even if key, policy or prediction have changed.
    ///
    /// - Parameter model: with the price at which the row was reserved.
    func forecast(
        _ row: BatchRow, terms: BatchOptions, atProviderOf model: PricedModel, models: [PricedModel], caller: Caller
    ) throws -> RowForecast {
        let request = try request(of: row, terms: terms)
        let others = models.filter { $0.model.id != model.model.id }
        let found = try? rules(for: request, terms: terms, models: others + [model], caller: caller)
        var rules = found ?? RowRules(policy: Policy(verify: .off))
        if !rules.policy.plan.serviceTiers.contains(.batch) { rules.policy.plan.serviceTiers.append(.batch) }
        let able = batchTierModels(of: others, policy: rules.policy).union([model.model.id])
        var forecast = forecast(of: request, row, rules, models: others + [model], batchTier: able, dial: .off)
        for index in forecast.candidates.indices where forecast.candidates[index].model == model.model.id {
            forecast.candidates[index].rejection = nil
        }
        return forecast
    }

    private func forecast(
        of request: ChatRequest, _ row: BatchRow, _ rules: RowRules, models: [PricedModel], batchTier: Set<ModelID>,
        dial: Dial
    ) -> RowForecast {
        let context = RoutingContext(
            models: models, economics: settings.economics, policy: rules.policy, remaining: Remaining(), horizon: 1,
            catalogVersion: registry.catalog.version)
        let step = request.step(id: "\(row.batchID)_\(row.line)", runID: row.batchID, previousModel: nil)
        let estimates = estimator.estimates(of: step.text, for: models.map(\.model))
        let candidates = Self.candidates(
            of: step, in: context, batchTier: batchTier, predicting: estimates.prediction(for:))
        var forecast = RowForecast(
            request: request, step: step, candidates: candidates, context: context, policyName: rules.policyName,
            isPinned: rules.isPinned)
        forecast.priced = PricedStep(
            ofRow: candidates, models: models.map(\.model), estimates: estimates, context: context)
        if !rules.isPinned, rules.policy.minAccuracy == nil, case .on(let hasLimits) = dial {
            forecast.reserves = forecast.priced?.reserves(candidates, hasLimits: hasLimits) ?? []
        }
        return forecast
    }

    private func request(of row: BatchRow, terms: BatchOptions) throws -> ChatRequest {
        do {
            var document = try JSONDocument(row.request)
            if let model = terms.model {
                document = try JSONDocument(document.settingMembers([("model", JSONWriter.quoted(model))]))
            }
            return try ChatRequest(document).sendingLeastSources
        } catch let error as JSONError {
            throw FieldError("body", "\(error)")
        }
    }

    private func rules(
        for request: ChatRequest, terms: BatchOptions, models: [PricedModel], caller: Caller
    ) throws -> RowRules {
        let named = (terms.policyName ?? caller.policy).map { "hera/\($0)" } ?? "hera"
        var rules: RowRules
        switch try target(of: request.model == "hera" ? named : request.model, at: .now()) {
        case .policy(let base, let name): rules = RowRules(policy: base, policyName: name)
        case .pinned(let pinned):
            guard models.contains(where: { $0.model.id == pinned.model.id }) else {
                throw FieldError("model", "\(pinned.model.id) may not be used here")
            }
            rules = RowRules(
                policy: Policy(models: ModelFilter(allow: [pinned.model.id]), verify: .off), isPinned: true)
        }
        let asked = terms.policy.flatMap { try? JSONDocument($0).root }
        if rules.isPinned {
            // For a pinned row only the service tiers of the batch's policy apply.
            var base = Policy()
            if case .policy(let found, _)? = try? target(of: named, at: .now()) { base = found }
            if let asked { base = try Policy(json: asked, base: base, path: "hera.policy") }
            rules.policy.plan.serviceTiers = base.plan.serviceTiers
        } else if let asked {
            rules.policy = try Policy(json: asked, base: rules.policy, path: "hera.policy")
        }
        if let json = request.policy {
            rules.policy = try Policy(json: json, base: rules.policy, path: "hera", others: [SourceRule.member])
        }
        rules.policy.models = try resolved(rules.policy.models)
        return rules
    }

    /// Models usable for a provider batch. The provider needs a batch API; the policy must allow the tier and its time
    /// window.
    private func batchTierModels(of models: [PricedModel], policy: Policy) -> Set<ModelID> {
        guard policy.plan.serviceTiers.contains(.batch),
            policy.deadlineSeconds.map({ $0 >= settings.limits.providerWindowSeconds }) ?? true
        else { return [] }
        return Set(models.filter { $0.model.endpoint.batches != nil }.map(\.model.id))
    }

    /// Candidates in model order; those in `batchTier` at batch rates where cheaper.
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

    /// Models available to a caller's batch. Models in backoff are included, since a batch waits for them.
    func batchModels(for caller: Caller) throws -> [PricedModel] {
        let admitted = try resolved(caller.models)
        let now = Timestamp.now()
        return registry.catalog.models.compactMap { model in
            guard admitted.admits(model.id), !model.capabilities.contains(.embeddings),
                registry.availability(of: model.id) == .live
            else { return nil }
            return registry.pricedModel(model.id, at: now)
        }
    }
}

/// Applies a policy's limits to a batch row, which is a run of one step.
struct RowLimits {
    let policy: Policy
    let economics: Economics

    /// Rejects candidates that violate a limit; where none is left, applies `on_infeasible`.
    func applied(to candidates: [Candidate]) -> [Candidate] {
        let limited = candidates.map { candidate in
            var candidate = candidate
            candidate.rejection = candidate.rejection ?? problem(with: candidate)
            return candidate
        }
        guard !limited.contains(where: { $0.rejection == nil }) else { return limited }
        let able = candidates.filter { $0.rejection == nil }
        let chosen: Candidate? =
            switch policy.onInfeasible {
            case .reject: nil
            case .cheapest: able.min { $0.cost.total < $1.cost.total }
            case .best: able.max { $0.prediction.quality < $1.prediction.quality }
            }
        guard let chosen else { return limited }
        return zip(candidates, limited).map { $0.model == chosen.model ? $0 : $1 }
    }

    private func problem(with candidate: Candidate) -> String? {
        if let least = policy.minAccuracy, candidate.prediction.quality < least {
            return "is predicted to be right with \(Self.text(candidate.prediction.quality)), min_accuracy is \(least)"
        }
        if let most = policy.energyJoules, candidate.energyJoules > most {
            return "is expected to take \(Self.text(candidate.energyJoules)) J, energy_j is \(most)"
        }
        if let most = policy.deadlineSeconds, candidate.latencySeconds > most {
            return "is expected to take \(Self.text(candidate.latencySeconds)) s, deadline_s is \(most)"
        }
        if let most = policy.budget, candidate.worstCaseCost > most {
            return "can cost $\(candidate.worstCaseCost), budget_usd is \(most)"
        }
        let grams = candidate.energyJoules / 3.6e6 * economics.gramsCO2ePerKWh
        if let most = policy.plan.carbonGrams, grams > most {
            return "is expected to emit \(Self.text(grams)) g of CO2e, carbon_g is \(most)"
        }
        return nil
    }

    /// To three decimals.
    private static func text(_ figure: Double) -> String { "\((figure * 1000).rounded() / 1000)" }
}
