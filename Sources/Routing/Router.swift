package import Core

/// Decides which model does a step: predictions, assignment, then the sequential rule.
///
/// Pure and deterministic: the same step, state and context give the same decision. The live service and the offline
/// evaluation call this same code.
package struct Router: Sendable {
    private let estimator: any Estimating
    private let planner = Planner()

    package init(estimator: any Estimating) {
        self.estimator = estimator
    }

    /// Routes one step and notes in `state` what later steps of the run need.
    ///
    /// - Parameter decisionID: the id of the decision; ids are made by the caller.
    /// - Throws: `RoutingError` where no model can serve the step, or the policy's limits cannot be kept and
    ///   `on_infeasible` says to reject.
    package func route(
        _ step: Step, decisionID: String, state: inout RunState, context: RoutingContext
    ) throws(RoutingError) -> Decision {
        let estimates = estimator.estimates(of: step.text, for: context.models.map(\.model))
        var candidates = Candidates.of(step, in: context, predicting: estimates.prediction(for:))
        let able = candidates.indices.filter { candidates[$0].rejection == nil }
        guard let best = able.max(by: { candidates[$0].isWorseReference(than: candidates[$1]) }) else {
            throw .noCandidate(candidates.map { ($0.model, $0.rejection ?? "") })
        }
        let reference = candidates[best]
        for index in able where index != best {
            let model = context.models[index].model
            let referenceModel = context.models[best].model
            candidates[index].similarity = estimates.stepSimilarity(of: model, to: referenceModel)
            candidates[index].requestSimilarity = estimates.requestSimilarity(of: model, to: referenceModel)
        }
        let affordable = affordable(&candidates, able: able, remaining: context.remaining)
        let kappa = context.policy.kappa.kappa(at: step.position)
        var verdict: SequentialRule.Verdict
        let order: [Candidate]
        do throws(RoutingError) {
            guard !affordable.isEmpty else { throw tooDear(candidates, able: able, context: context) }
            // Without those, one very dear model would stretch the scale of cost until all others look alike on it.
            let sensible = affordable.filter { !$0.isDominated(by: reference) }
            let plan = try planner.plan(
                step, candidates: sensible.isEmpty ? affordable : sensible, reference: reference, context: context)
            order = plan.order.compactMap { id in affordable.first { $0.model == id } }
            verdict = SequentialRule(
                order: order, reference: reference, position: step.position, kappa: kappa,
                requestThreshold: context.policy.requestThreshold, committed: state.committed
            ).verdict()
            verdict.considered = plan.binding.map { "plan: \($0) binds" } + verdict.considered
            state.plan = plan
        } catch {
            guard case .infeasible(let message, _) = error, !affordable.isEmpty,
                let chosen = context.policy.onInfeasible.choice(among: affordable)
            else { throw error }
            order = [chosen] + affordable.filter { $0.model != chosen.model }
            let rule = context.policy.onInfeasible.rawValue
            verdict = SequentialRule.Verdict(
                model: chosen.model, stage: .plan, reason: "\(chosen.model): the \(rule), since \(message)",
                considered: ["plan: infeasible: \(message)"])
        }
        state.committed = verdict.stage == .urc ? verdict.model : nil
        return Decision(
            id: decisionID, runID: step.runID, stepID: step.id, position: step.position, model: verdict.model,
            reference: reference.model, kappa: kappa, stage: verdict.stage, reason: verdict.reason,
            considered: verdict.considered, candidates: candidates,
            fallbacks: fallbacks(after: verdict.model, among: affordable),
            catalogVersion: context.catalogVersion)
    }

    /// The candidates whose highest possible bill fits what is left; the others get their rejection.
    private func affordable(_ candidates: inout [Candidate], able: [Int], remaining: Remaining) -> [Candidate] {
        guard let budget = remaining.budget else { return able.map { candidates[$0] } }
        for index in able where candidates[index].worstCaseCost > budget {
            candidates[index].rejection =
                "its highest possible bill of $\(candidates[index].worstCaseCost) does not fit the $\(budget) left"
        }
        return able.map { candidates[$0] }.filter { $0.rejection == nil }
    }

    private func tooDear(_ candidates: [Candidate], able: [Int], context: RoutingContext) -> RoutingError {
        let least = able.map { candidates[$0].worstCaseCost }.min() ?? .zero
        let left = context.remaining.budget ?? .zero
        return .budgetSpent(
            "the $\(left) left of budget_usd cannot pay the highest possible bill of any model; the least is $\(least): "
                + "raise budget_usd, or lower max_tokens")
    }

    /// Who answers if the chosen model fails: the best of the others first, the cheaper one where two are alike.
    private func fallbacks(after chosen: ModelID, among candidates: [Candidate]) -> [ModelID] {
        candidates.filter { $0.model != chosen }.sorted { $1.isWorseReference(than: $0) }.map(\.model)
    }
}

extension Candidate {
    /// Order of references: better quality first, then lower cost, then name, so that the choice is deterministic.
    func isWorseReference(than other: Candidate) -> Bool {
        if prediction.quality != other.prediction.quality { return prediction.quality < other.prediction.quality }
        if cost.total != other.cost.total { return cost.total > other.cost.total }
        return model > other.model
    }
}

extension Candidate {
    /// Whether another model is at least as good in everything that a plan weighs.
    func isDominated(by other: Candidate) -> Bool {
        model != other.model && other.rejection == nil && other.prediction.quality >= prediction.quality
            && other.cost.total <= cost.total && other.latencySeconds <= latencySeconds
            && other.energyJoules <= energyJoules
    }
}

extension InfeasibleRule {
    /// The candidate taken where no plan keeps every limit; nil where the policy says to reject.
    func choice(among candidates: [Candidate]) -> Candidate? {
        switch self {
        case .reject: nil
        case .cheapest: candidates.min { ($0.cost.total, $0.model) < ($1.cost.total, $1.model) }
        case .best: candidates.max { $0.isWorseReference(than: $1) }
        }
    }
}
