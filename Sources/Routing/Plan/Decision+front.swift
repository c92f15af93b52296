package import Domain
import Optimization

extension Decision {
    /// The candidates of this step that no other beats in cost, energy, latency and predicted quality at once, the
    /// cheapest first.
    package var front: [Candidate] {
        let able = candidates.filter { $0.rejection == nil }
        return ParetoFront.options(able.map(\.option)).map { able[$0] }
            .sorted { ($0.cost.total, $0.model) < ($1.cost.total, $1.model) }
    }
}
