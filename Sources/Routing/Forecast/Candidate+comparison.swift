package import Domain
import Optimization

extension Candidate {
    /// The order of references: quality, then lower cost, then name, which makes the choice deterministic.
    package func isWorseReference(than other: Candidate) -> Bool {
        if prediction.quality != other.prediction.quality { return prediction.quality < other.prediction.quality }
        if cost.total != other.cost.total { return cost.total > other.cost.total }
        return model > other.model
    }

    /// Whether another model is at least as good in every criterion of a plan.
    func isDominated(by other: Candidate) -> Bool {
        model != other.model && other.rejection == nil && other.prediction.quality >= prediction.quality
            && other.cost.total <= cost.total && other.latencySeconds <= latencySeconds
            && other.energyJoules <= energyJoules
    }
}

extension InfeasibleRule {
    /// The candidate to use if no plan keeps every limit; nil to reject.
    func choice(among candidates: [Candidate]) -> Candidate? {
        switch self {
        case .reject: nil
        case .cheapest: candidates.min { ($0.cost.total, $0.model) < ($1.cost.total, $1.model) }
        case .best: candidates.max { $0.isWorseReference(than: $1) }
        }
    }
}

extension Decision {
    /// The non-dominated candidates of this step in cost, energy, latency and predicted quality, the cheapest first.
    package var front: [Candidate] {
        let able = candidates.filter { $0.rejection == nil }
        return ParetoFront.options(able.map(\.option)).map { able[$0] }
            .sorted { ($0.cost.total, $0.model) < ($1.cost.total, $1.model) }
    }
}
