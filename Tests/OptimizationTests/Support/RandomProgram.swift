import Optimization

extension AssignmentProgram {
    /// A random program with every kind of row sometimes; about a third are infeasible.
    static func random(_ generator: inout SeededRandom, steps: Int, models: Int) -> AssignmentProgram {
        var options: [[AssignmentOption?]] = []
        let missing = generator.chance(0.3) ? 0.25 : 0
        let whole = generator.chance(0.5)
        for _ in 0..<steps {
            var row: [AssignmentOption?] = (0..<models).map { model in
                if generator.chance(missing) { return nil }
                let size = Double(model + 1) / Double(models)
                var option = AssignmentOption(
                    cost: (1000 * size * (0.3 + generator.unit())).rounded(), energy: 20 * generator.unit(),
                    latency: 3 * generator.unit(), accuracy: min(1, 0.3 + 0.5 * size + 0.3 * generator.unit()))
                if whole {
                    option.energy.round()
                    option.latency.round()
                    option.accuracy = (option.accuracy * 8).rounded() / 8
                }
                return option
            }
            if row.allSatisfy({ $0 == nil }), generator.chance(0.95) {
                row[0] = AssignmentOption(cost: 5, energy: 1, latency: 1, accuracy: 0.5)
            }
            options.append(row)
        }
        var program = AssignmentProgram(
            options: options,
            weights: AssignmentWeights(
                cost: generator.unit(), energy: generator.chance(0.5) ? generator.unit() : 0,
                latency: generator.chance(0.5) ? generator.unit() : 0, accuracy: 3 * generator.unit() + 0.01),
            timeLimit: .seconds(20), gap: 1e-9)
        if generator.chance(0.3) { program.accuracyFloors = (0..<steps).map { _ in 0.7 * generator.unit() } }
        if generator.chance(0.5) { program.addSwitching(&generator) }
        program.addLimits(&generator)
        return program
    }

    private mutating func addSwitching(_ generator: inout SeededRandom) {
        switching = (0..<stepCount).map { _ in
            (0..<modelCount).map { _ in
                AssignmentSwitch(
                    cost: (400 * generator.unit()).rounded(), energy: 5 * generator.unit(),
                    latency: generator.unit())
            }
        }
        if generator.chance(0.5) { previous = generator.below(modelCount) }
    }

    private mutating func addLimits(_ generator: inout SeededRandom) {
        let steps = Double(stepCount)
        if generator.chance(0.6) { budget = (steps * 800 * generator.unit()).rounded() }
        if generator.chance(0.6) { deadline = steps * 2.2 * generator.unit() }
        if generator.chance(0.4) { energyCap = steps * 15 * generator.unit() }
        if generator.chance(0.5) { minimumMeanAccuracy = 0.4 + 0.5 * generator.unit() }
        if generator.chance(0.3) {
            slots = (0..<modelCount).map { _ in
                generator.chance(0.5) ? generator.below(stepCount + 1) : nil
            }
        }
        if deadline != nil, stepCount > 2, generator.chance(0.3) {
            let half = stepCount / 2
            latencyPaths = [Array(0..<half + 1), Array(half..<stepCount)]
        }
        if generator.chance(0.2) {
            let amounts = (0..<stepCount).map { _ in (0..<modelCount).map { _ in generator.unit() } }
            limits = [
                AssignmentLimit(name: "carbon", unit: "g", most: steps * 0.7 * generator.unit(), amounts: amounts)
            ]
        }
    }
}
