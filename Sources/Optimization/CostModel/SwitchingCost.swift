package import Domain

extension AssignmentSwitch {
    /// What moving to a model adds: it has not cached the prefix, so all of it is billed at the fresh price (and its
    /// cache write, where there is one) and prefilled again.
    ///
    /// That is the same call without the cache less the call with it, part by part and never below 0; with one price
    /// for the whole prompt, prefix x (fresh + write - cached), prefix / prefill rate and prefix x joules a token.
    package init(cold: CallForecast, warm: CallForecast, statistic: AmountStatistic = .mean) {
        self.init(
            cost: max(0, (cold.cost.amount(statistic) - warm.cost.amount(statistic)).rounded(.toNearestOrEven)),
            energy: max(0, cold.joules.amount(statistic) - warm.joules.amount(statistic)),
            latency: max(0, cold.serviceSeconds.amount(statistic) - warm.serviceSeconds.amount(statistic)))
    }
}
