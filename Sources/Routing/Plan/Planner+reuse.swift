import Domain
import Optimization

extension Planner {
    /// The candidates in the order of a plan made at an earlier step, by this step's own predictions.
    ///
    /// Under the weighted sum the plan's shadow prices stand for its limits: the option of the least priced objective
    /// among those that are expected to pass is what the plan would take, without a new solve (Lagrangian
    /// decomposition). Other methods take the model that the plan has for this step.
    ///
    /// - Returns: nil where that model is not expected to pass, so that a new plan has to say what gives.
    func order(
        by plan: Plan, _ forecast: PlanForecast, step: Step, candidates: [Candidate], tests: ExpectedTests,
        context: RoutingContext
    ) -> (order: [ModelID], choice: ModelID)? {
        let ahead = step.position - forecast.position
        let options = options(candidates, step: step, context: context)
        let passes = candidates.map { tests.pass($0) }
        let expected = candidates.indices.filter { passes[$0] }
        let choice: Int?
        if context.policy.method == .weighted {
            let scores = options.map { forecast.pricedObjective($0) }
            choice = expected.min { (scores[$0], candidates[$0].model) < (scores[$1], candidates[$1].model) }
        } else {
            choice = expected.first { candidates[$0].model == plan.choices[ahead] }
        }
        guard let choice else { return nil }
        let order = PlanOrder(forecast: forecast, ahead: ahead, context: context)
            .order(candidates, options: options, passes: passes, choice: choice)
        return (order, candidates[choice].model)
    }

    /// What each candidate takes at this step. A candidate's own amounts are means already.
    private func options(_ candidates: [Candidate], step: Step, context: RoutingContext) -> [AssignmentOption] {
        guard context.policy.plan.statistic != .mean else { return candidates.map(\.option) }
        let places = context.places
        return candidates.map { candidate in
            guard let place = places[candidate.model] else { return candidate.option }
            return LookAhead(candidate, context.models[place], step: step, context: context).now ?? candidate.option
        }
    }
}
