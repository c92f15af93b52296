import Core
import Optimization

extension Planner {
    /// The candidates in the order of a plan made at an earlier step, by this step's own predictions.
    ///
    /// Under the weighted sum the plan's shadow prices stand for its limits: the option of the least priced objective
    /// among those above the accuracy floor is what the plan would take, without a new solve (Lagrangian
    /// decomposition). Other methods take the model that the plan has for this step.
    ///
    /// - Returns: nil where no candidate keeps the floor, so that a new plan has to say what gives.
    func order(
        by plan: Plan, _ forecast: PlanForecast, step: Step, candidates: [Candidate], reference: Candidate,
        context: RoutingContext
    ) -> [ModelID]? {
        let models = Dictionary(context.models.map { ($0.model.id, $0) }) { first, _ in first }
        let scored = candidates.compactMap { candidate -> (candidate: Candidate, score: Double)? in
            guard let priced = models[candidate.model] else { return nil }
            let ahead = Ahead(steps: 0, step: step, candidate: candidate, priced: priced, context: context)
            // A candidate's own amounts are means already.
            let option = context.policy.plan.reading == .mean ? candidate.option : ahead.option
            return option.map { (candidate, forecast.pricedObjective($0)) }
        }.sorted { ($0.score, $0.candidate.model) < ($1.score, $1.candidate.model) }
        let floor = min(1, context.policy.kappa.kappa(at: step.position) * reference.prediction.quality - 1e-9)
        let first: ModelID?
        if context.policy.method == .weighted {
            first = scored.first { $0.candidate.prediction.quality >= floor }?.candidate.model
        } else {
            let planned = plan.choices[step.position - forecast.position]
            first =
                scored.first { $0.candidate.model == planned && $0.candidate.prediction.quality >= floor }?
                .candidate.model
        }
        guard let first else { return nil }
        return [first] + scored.map(\.candidate.model).filter { $0 != first }
    }
}

extension Candidate {
    /// The expected amounts of this step, as the optimiser reads them.
    fileprivate var option: AssignmentOption {
        AssignmentOption(
            cost: Double(cost.total.nanoUSD), energy: energyJoules, latency: latencySeconds,
            accuracy: min(max(prediction.quality, 0), 1))
    }
}
