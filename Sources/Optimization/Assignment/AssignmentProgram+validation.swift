extension AssignmentProgram {
    /// Throws the first defect of the program, so that the solvers only see valid ones.
    func validate() throws(OptimizationError) {
        let steps = stepCount
        let models = modelCount
        guard steps > 0 else { throw .invalid(.init("options", "a program needs at least one step")) }
        guard models > 0 else { throw .invalid(.init("options", "a program needs at least one model")) }
        try validateOptions(steps: steps, models: models)
        try validateSwitching(steps: steps, models: models)
        try validateWeights()
        try validateLimits(steps: steps, models: models)
        guard timeLimit > .zero else { throw .invalid(.init("timeLimit", "must be above zero, is \(timeLimit)")) }
        guard gap.isFinite, gap >= 0, gap < 1 else { throw .invalid(.init("gap", "must be in 0..<1, is \(gap)")) }
    }

    private func validateOptions(steps: Int, models: Int) throws(OptimizationError) {
        for (step, row) in options.enumerated() {
            guard row.count == models else {
                throw .invalid(.init("options", "has \(row.count) models, step 0 has \(models)", step: step))
            }
            for (model, option) in row.enumerated() {
                guard let option else { continue }
                try Self.amount(option.cost, "options.cost", step, model)
                try Self.amount(option.energy, "options.energy", step, model)
                try Self.amount(option.latency, "options.latency", step, model)
                guard option.accuracy >= 0, option.accuracy <= 1 else {
                    let reason = "must be in 0...1, is \(option.accuracy)"
                    throw .invalid(.init("options.accuracy", reason, step: step, model: model))
                }
            }
        }
        guard accuracyFloors.isEmpty || accuracyFloors.count == steps else {
            let reason = "has \(accuracyFloors.count) floors for \(steps) steps"
            throw .invalid(.init("accuracyFloors", reason))
        }
        for (step, floor) in accuracyFloors.enumerated() where !(floor >= 0 && floor <= 1) {
            throw .invalid(.init("accuracyFloors", "must be in 0...1, is \(floor)", step: step))
        }
    }

    private func validateSwitching(steps: Int, models: Int) throws(OptimizationError) {
        if let previous, !(0..<models).contains(previous) {
            throw .invalid(.init("previous", "is model \(previous) of \(models)"))
        }
        guard switching.isEmpty || switching.count == steps else {
            throw .invalid(.init("switching", "has \(switching.count) steps, the program \(steps)"))
        }
        for (step, row) in switching.enumerated() {
            guard row.count == models else {
                throw .invalid(.init("switching", "has \(row.count) models, the program \(models)", step: step))
            }
            for (model, move) in row.enumerated() {
                try Self.amount(move.cost, "switching.cost", step, model)
                try Self.amount(move.energy, "switching.energy", step, model)
                try Self.amount(move.latency, "switching.latency", step, model)
            }
        }
    }

    private func validateWeights() throws(OptimizationError) {
        for criterion in Criterion.allCases {
            let weight = weights[criterion]
            guard weight >= 0, weight <= Self.greatestAmount else {
                throw .invalid(.init("weights.\(criterion)", "must be finite and at least 0, is \(weight)"))
            }
        }
        guard weights.sum > 0 else { throw .invalid(.init("weights", "at least one must be above 0")) }
    }

    private func validateLimits(steps: Int, models: Int) throws(OptimizationError) {
        for (name, value) in [("budget", budget), ("deadline", deadline), ("energyCap", energyCap)] {
            if let value { try Self.amount(value, name, nil, nil) }
        }
        if let least = minimumMeanAccuracy, !(least >= 0 && least <= 1) {
            throw .invalid(.init("minimumMeanAccuracy", "must be in 0...1, is \(least)"))
        }
        for (index, path) in latencyPaths.enumerated() {
            guard Set(path).count == path.count, path.allSatisfy((0..<steps).contains) else {
                throw .invalid(.init("latencyPaths", "path \(index) names a step twice or one that does not exist"))
            }
        }
        guard slots.isEmpty || slots.count == models else {
            throw .invalid(.init("slots", "has \(slots.count) entries for \(models) models"))
        }
        for (model, slots) in slots.enumerated() {
            if let slots, slots < 0 {
                throw .invalid(.init("slots", "must be at least 0, is \(slots)", model: model))
            }
        }
        guard Set(limits.map { [$0.name, $0.unit] }).count == limits.count else {
            throw .invalid(.init("limits", "two limits have the same name and unit"))
        }
        for limit in limits {
            let field = "limits.\(limit.name)"
            try Self.amount(limit.most, field, nil, nil)
            guard limit.amounts.count == steps, limit.amounts.allSatisfy({ $0.count == models }) else {
                throw .invalid(.init(field, "its amounts are not \(steps) steps by \(models) models"))
            }
            let moves = limit.switching
            guard moves.isEmpty || moves.count == steps, moves.allSatisfy({ $0.count == models }) else {
                throw .invalid(.init(field, "its switching amounts are not \(steps) steps by \(models) models"))
            }
            for (step, row) in (limit.amounts + moves).enumerated() {
                for (model, amount) in row.enumerated() { try Self.amount(amount, field, step % steps, model) }
            }
        }
    }

    /// Above 2^53 integers are no longer exact in a double, and sums over many steps may overflow.
    static let greatestAmount = 9_007_199_254_740_992.0

    private static func amount(
        _ value: Double, _ field: String, _ step: Int?, _ model: Int?
    ) throws(OptimizationError) {
        guard value >= 0, value <= greatestAmount else {
            let reason = "must be finite, at least 0 and at most 2^53, is \(value)"
            throw .invalid(.init(field, reason, step: step, model: model))
        }
    }
}
