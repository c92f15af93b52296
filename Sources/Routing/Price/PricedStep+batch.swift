package import Domain

extension PricedStep {
    /// The candidates of a batch row that a plan leaves out under `max_loss`, by falling value. A plan uses the one of
    /// the greatest value and, where limits may force them, cheaper ones.
    ///
    /// A budget is a limit and not a wish to spend, so a plan never buys more quality than a live call would. The
    /// reserves answer only where the planned models have failed.
    ///
    /// - Parameters:
    ///   - models: the candidates' models.
    ///   - hasLimits: whether money or time may force a cheaper model than the most valuable one.
    /// - Returns: none under a line of kappa, or without any candidate.
    package static func reserves(
        _ candidates: [Candidate], models: [Model], estimates: any StepEstimates, context: RoutingContext,
        hasLimits: Bool
    ) -> [ModelID] {
        let able = candidates.indices.filter { candidates[$0].rejection == nil }
        guard context.policy.kappa.isPriced, context.policy.minAccuracy == nil,
            let best = StepForecast.reference(able, candidates)
        else { return [] }
        let priced = PricedStep(
            able.map { candidates[$0] }, reference: candidates[best], models: models, estimates: estimates,
            isTested: false, position: 1, context: context)
        let values = able.map { priced.value(candidates[$0]) }
        guard let greatest = values.indices.max(by: { values[$0] < values[$1] }) else { return [] }
        let chosen = candidates[able[greatest]]
        return zip(able, values).filter { index, _ in
            let isCheaper = candidates[index].cost.total < chosen.cost.total
            return candidates[index].model != chosen.model && !(hasLimits && isCheaper)
        }
        .sorted { $0.1 > $1.1 }
        .map { candidates[$0.0].model }
    }
}
