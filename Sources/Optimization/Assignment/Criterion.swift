/// One of the four criteria of a plan.
package enum Criterion: String, Sendable, Hashable, CaseIterable {
    case cost, energy, latency, accuracy

    /// The unit of its totals.
    package var unit: String {
        switch self {
        case .cost: "nanoUSD"
        case .energy: "J"
        case .latency: "s"
        case .accuracy: "mean probability"
        }
    }
}

/// The weight of each criterion. Only the proportions matter: the solver divides by the sum.
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

extension AssignmentTotals {
    /// The total of one criterion as an amount to minimise. Accuracy counts as the mean error.
    package func amount(_ criterion: Criterion) -> Double {
        switch criterion {
        case .cost: cost
        case .energy: energy
        case .latency: latency
        case .accuracy: 1 - meanAccuracy
        }
    }
}

extension AssignmentProgram {
    /// The program with an upper limit on one criterion (for accuracy: on the mean error). A stricter existing limit
    /// stays. The latency of this limit is the sum over all steps.
    package func holding(_ criterion: Criterion, at most: Double) -> AssignmentProgram {
        var program = self
        switch criterion {
        case .cost: program.budget = min(budget ?? .infinity, most)
        case .energy: program.energyCap = min(energyCap ?? .infinity, most)
        case .latency where latencyPaths.isEmpty: program.deadline = min(deadline ?? .infinity, most)
        case .latency: program.holdLatency(at: most)
        case .accuracy: program.minimumMeanAccuracy = max(minimumMeanAccuracy ?? 0, max(0, 1 - most))
        }
        return program
    }

    /// The program with one criterion as its only objective.
    package func minimizing(_ criterion: Criterion) -> AssignmentProgram {
        var program = self
        program.weights = .only(criterion)
        return program
    }

    /// With several paths the deadline applies to each path, so the sum over all steps gets its own limit.
    private mutating func holdLatency(at most: Double) {
        let name = "total latency"
        limits.removeAll { $0.name == name }
        let amounts = options.map { $0.map { $0?.latency ?? 0 } }
        let moves = switching.map { $0.map(\.latency) }
        limits.append(AssignmentLimit(name: name, unit: "s", most: most, amounts: amounts, switching: moves))
    }
}
