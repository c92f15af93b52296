import Domain
import Optimization

/// The order in which the rule tries a step's candidates, by the plan's measure of one step.
///
/// First come the candidates that beat the plan's choice by that measure but are not expected to pass the rule's tests,
/// since testing them is free. Then the choice itself, then the others by ascending measure. The reference has its own
/// place among them.
struct PlanOrder {
    let forecast: PlanForecast
    /// Steps since the plan was made.
    let ahead: Int
    let context: RoutingContext
    /// The step's candidates under the price of lost quality; nil under a line of kappa.
    var priced: PricedStep?

    /// - Parameters:
    ///   - options: amounts of each candidate for this step.
    ///   - passes: whether each is expected to pass the rule's tests.
    ///   - choice: index of the plan's choice.
    func order(
        _ candidates: [Candidate], options: [AssignmentOption], passes: [Bool], choice: Int
    ) -> [ModelID] {
        let measures = measures(options)
        let isTested = !context.policy.sequence.stages.isEmpty
        let ranks = candidates.indices.map { index in
            if index == choice { return 1 }
            let comesFirst =
                isTested && !passes[index] && measures[index].lexicographicallyPrecedes(measures[choice])
                && forecast.hasRoom(for: options[index], ahead: ahead, context: context)
            return comesFirst ? 0 : 2
        }
        return candidates.indices.sorted { one, other in
            if ranks[one] != ranks[other] { return ranks[one] < ranks[other] }
            if measures[one] != measures[other] { return measures[one].lexicographicallyPrecedes(measures[other]) }
            return candidates[one].model < candidates[other].model
        }.map { candidates[$0].model }
    }

    /// The measures that the policy's method compares, the most important first.
    private func measures(_ options: [AssignmentOption]) -> [[Double]] {
        if let priced, context.policy.method == .weighted {
            return options.map { [forecast.pricedObjective($0, by: priced)] }
        }
        let weights = context.policy.weights.assignment
        let columns = Criterion.allCases.map { criterion in options.map { $0.amount(of: criterion) } }
        let prices = forecast.scaledPrices
        let scaled = columns.enumerated().map { index, column in
            let least = column.min() ?? 0
            let spread = (column.max() ?? 0) - least
            let span = max(spread, forecast.width(of: Criterion.allCases[index]))
            return column.map { span > 0 ? ($0 - least) / span : 0 }
        }
        let sum = Criterion.allCases.reduce(0) { $0 + weights[$1] }
        let shares = Criterion.allCases.enumerated().map { weights[$1] / sum + prices[$0] }
        let ranked = context.policy.rankedCriteria.compactMap { Criterion.allCases.firstIndex(of: $0) }
        return options.indices.map { option in
            let parts = shares.indices.map { shares[$0] * scaled[$0][option] }
            let sum = parts.reduce(0, +)
            switch context.policy.method {
            case .weighted: return [sum]
            case .lexicographic: return ranked.map { scaled[$0][option] }
            case .epsilonConstraint: return ranked.prefix(1).map { scaled[$0][option] } + [sum]
            case .chebyshev: return [parts.max() ?? 0, sum]
            }
        }
    }
}

extension AssignmentOption {
    /// The amount to minimise.
    fileprivate func amount(of criterion: Criterion) -> Double {
        switch criterion {
        case .cost: cost
        case .energy: energy
        case .latency: latency
        case .accuracy: 1 - accuracy
        }
    }
}
