package import Domain

extension PricedStep {
    /// The candidates of a batch row that a plan may use under `max_loss`: the one of the greatest value and cheaper ones.
    ///
    /// A budget is a limit and not a wish to spend, so a batch never buys more quality than a live call would.
    ///
    /// - Parameters:
    ///   - models: the candidates' models.
    ///   - hasLimits: whether money or time may force a cheaper model than the most valuable one.
    /// - Returns: nil under a line of kappa, or without any candidate.
    package static func worthwhile(
        _ candidates: [Candidate], models: [Model], estimates: any StepEstimates, context: RoutingContext,
        hasLimits: Bool
    ) -> Set<ModelID>? {
        let able = candidates.indices.filter { candidates[$0].rejection == nil }
        guard context.policy.kappa.isPriced, context.policy.minAccuracy == nil,
            let best = StepForecast.reference(able, candidates)
        else { return nil }
        let priced = PricedStep(
            able.map { candidates[$0] }, reference: candidates[best],
            lossPrice: estimates.lossPrice(keeping: context.policy.maxLoss, isTested: false),
            relativeSize: { id in models.first { $0.id == id }.map { estimates.relativeSize(of: $0) } ?? 1 },
            position: 1, context: context)
        let values = able.map { priced.value(candidates[$0]) }
        guard let greatest = values.indices.max(by: { values[$0] < values[$1] }) else { return nil }
        let chosen = candidates[able[greatest]]
        let kept = able.filter { index in
            candidates[index].model == chosen.model || hasLimits && candidates[index].cost.total < chosen.cost.total
        }
        return Set(kept.map { candidates[$0].model })
    }
}
