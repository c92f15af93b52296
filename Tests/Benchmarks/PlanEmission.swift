import Optimization

/// Writes one instance for another solver: a line of sizes and weights, then one line a candidate. The objective is
/// the documented one, computed from the definition.
enum PlanEmission {
    static func print(_ arguments: [String]) {
        guard let test = PlanBenchmark.cases.first(where: { arguments.first == $0.name }),
            let seed = arguments.dropFirst().first.flatMap(UInt64.init)
        else {
            Swift.print("usage: Benchmarks plan emit CASE SEED [family]")
            return
        }
        var instance = test.instance
        instance.family = PlanInstance.Family.allCases.first { arguments.contains($0.rawValue) } ?? .market
        let program = instance.program(seed: seed)
        var columns: [[Double]] = []
        for case .some(let option) in program.options.joined() {
            columns.append([option.cost, option.energy, option.latency, 1 - option.accuracy])
        }
        let least = (0..<4).map { index in columns.reduce(.infinity) { min($0, $1[index]) } }
        let most = (0..<4).map { index in columns.reduce(-.infinity) { max($0, $1[index]) } }
        let weights = [program.weights.cost, program.weights.energy, program.weights.latency, program.weights.accuracy]
        let start = PlanClock.cpuSeconds
        let solution = try? AssignmentSolver().solve(program)
        let seconds = PlanClock.cpuSeconds - start
        let error = Double(program.stepCount) * (1 - (program.minimumMeanAccuracy ?? 0))
        Swift.print(
            program.stepCount, program.modelCount, program.budget ?? 0, program.deadline ?? 0, error, program.gap,
            seconds, solution?.objective ?? -1, solution?.bound ?? -1)
        for column in columns {
            var objective = 0.0
            for index in 0..<4 {
                objective += weights[index] * (column[index] - least[index]) / max(most[index] - least[index], 1e-300)
            }
            Swift.print(objective / weights.reduce(0, +), column[0], column[2], column[3])
        }
    }
}
