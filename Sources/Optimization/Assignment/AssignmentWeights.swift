/// How much each criterion counts. Only the proportions matter: the solver divides by the sum.
package struct AssignmentWeights: Sendable, Hashable {
    package var cost: Double
    package var energy: Double
    package var latency: Double
    package var accuracy: Double

    package init(cost: Double, energy: Double, latency: Double, accuracy: Double) {
        self.cost = cost
        self.energy = energy
        self.latency = latency
        self.accuracy = accuracy
    }

    /// The weight of one criterion.
    package subscript(criterion: Criterion) -> Double {
        get {
            switch criterion {
            case .cost: cost
            case .energy: energy
            case .latency: latency
            case .accuracy: accuracy
            }
        }
        set {
            switch criterion {
            case .cost: cost = newValue
            case .energy: energy = newValue
            case .latency: latency = newValue
            case .accuracy: accuracy = newValue
            }
        }
    }

    /// All weight on one criterion.
    package static func only(_ criterion: Criterion) -> AssignmentWeights {
        var weights = AssignmentWeights(cost: 0, energy: 0, latency: 0, accuracy: 0)
        weights[criterion] = 1
        return weights
    }

    var sum: Double { cost + energy + latency + accuracy }
}
