extension AssignmentTotals {
    /// The total of one criterion, as a number to be made small: the accuracy counts as the mean error.
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
    /// The program with one criterion held at or below an amount (for accuracy: the mean error); a limit that is
    /// already stricter stays. The latency of this limit is the sum over all steps.
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

    /// With several paths the deadline is about each path, so the sum over all steps gets a limit of its own.
    private mutating func holdLatency(at most: Double) {
        let name = "total latency"
        limits.removeAll { $0.name == name }
        let amounts = options.map { $0.map { $0?.latency ?? 0 } }
        let moves = switching.map { $0.map(\.latency) }
        limits.append(AssignmentLimit(name: name, unit: "s", most: most, amounts: amounts, switching: moves))
    }
}
