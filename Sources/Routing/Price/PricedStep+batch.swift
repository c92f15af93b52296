package import Domain

extension PricedStep {
    /// The price of a batch row's candidates; nil under a line of kappa, or where no model can serve the row.
    ///
    /// - Parameter models: the candidates' models.
    package init?(
        ofRow candidates: [Candidate], models: [Model], estimates: any StepEstimates, context: RoutingContext
    ) {
        let able = candidates.indices.filter { candidates[$0].rejection == nil }
        guard context.policy.kappa.isPriced, let best = StepForecast.reference(able, candidates) else { return nil }
        self.init(
            able.map { candidates[$0] }, reference: candidates[best], models: models, estimates: estimates,
            isTested: false, position: 1, context: context)
    }

    /// The candidates of a batch row that a plan leaves out under `max_loss`, by falling value. A plan uses the one of
    /// the greatest value and, where limits may force them, cheaper ones.
    ///
    /// A budget is a limit and not a wish to spend, so a plan never buys more quality than a live call would. The
    /// reserves answer only where the planned models have failed.
    ///
    /// - Parameter hasLimits: whether money or time may force a cheaper model than the most valuable one.
    package func reserves(_ candidates: [Candidate], hasLimits: Bool) -> [ModelID] {
        let valued = candidates.filter { $0.rejection == nil }.map { ($0, value($0)) }
        guard let chosen = valued.max(by: { $0.1 < $1.1 })?.0 else { return [] }
        return valued.filter { candidate, _ in
            let isCheaper = candidate.cost.total < chosen.cost.total
            return candidate.model != chosen.model && !(hasLimits && isCheaper)
        }
        .sorted { $0.1 > $1.1 }
        .map { $0.0.model }
    }
}
