import Optimization

/// Enumeration with a simple bound: the reference that plans are compared with.
///
/// It follows the definition of the program and shares no code with the solver.
struct PlanReference {
    private let program: AssignmentProgram
    private var least: [Double] = []
    private var span: [Double] = []
    /// For each step, the least objective of the steps from there on, switching left out; the same for each row.
    private var restObjective: [Double] = []
    private var restAmounts: [[Double]] = []
    private let limits: [Double]
    private var choice: [Int]
    /// The least objective of a plan; infinite when there is none.
    private(set) var best = Double.infinity

    init(_ program: AssignmentProgram) {
        self.program = program
        choice = [Int](repeating: 0, count: program.stepCount)
        let steps = Double(program.stepCount)
        var limits: [Double] = [program.budget ?? .infinity]
        limits.append((program.deadline ?? .infinity) * (1 + 1e-9))
        limits.append((program.energyCap ?? .infinity) * (1 + 1e-9))
        let error = steps * (1 - (program.minimumMeanAccuracy ?? -.infinity))
        limits.append(error * (1 + 1e-9) + 1e-12)
        limits.append((program.limits.first?.most ?? .infinity) * (1 + 1e-9))
        for model in 0..<program.modelCount {
            let slots = program.slots.isEmpty ? nil : program.slots[model]
            limits.append(slots.map(Double.init) ?? .infinity)
        }
        self.limits = limits
        scale()
        rest()
        visit(0, 0, [Double](repeating: 0, count: limits.count))
    }

    private mutating func scale() {
        var rows: [[Double]] = []
        for step in 0..<program.stepCount {
            for model in 0..<program.modelCount {
                if let option = allowed(step, model) {
                    rows.append([option.cost, option.energy, option.latency, 1 - option.accuracy])
                }
            }
        }
        for criterion in 0..<4 {
            let values = rows.map { $0[criterion] }
            let low = values.min() ?? 0
            var wide = (values.max() ?? 0) - low
            for move in program.switching.joined() {
                wide = max(wide, [move.cost, move.energy, move.latency, 0][criterion])
            }
            least.append(low)
            span.append(wide > 0 ? wide : 1)
        }
    }

    private func allowed(_ step: Int, _ model: Int) -> AssignmentOption? {
        guard let option = program.options[step][model], option.accuracy >= program.accuracyFloor(step) else {
            return nil
        }
        return option
    }

    private func objective(_ option: AssignmentOption) -> Double {
        let weights = program.weights
        let sum =
            weights.cost * (option.cost - least[0]) / span[0] + weights.energy * (option.energy - least[1]) / span[1]
            + weights.latency * (option.latency - least[2]) / span[2]
            + weights.accuracy * (1 - option.accuracy - least[3]) / span[3]
        return sum / (weights.cost + weights.energy + weights.latency + weights.accuracy)
    }

    private func amounts(_ option: AssignmentOption, _ step: Int, _ model: Int) -> [Double] {
        var amounts = [option.cost, option.latency, option.energy, 1 - option.accuracy]
        amounts.append(program.limits.first?.amounts[step][model] ?? 0)
        for other in 0..<program.modelCount { amounts.append(other == model ? 1 : 0) }
        return amounts
    }

    private mutating func rest() {
        restObjective = [Double](repeating: 0, count: program.stepCount + 1)
        restAmounts = [[Double]](repeating: [Double](repeating: 0, count: limits.count), count: program.stepCount + 1)
        for step in (0..<program.stepCount).reversed() {
            var low = Double.infinity
            var lowAmounts = [Double](repeating: .infinity, count: limits.count)
            for model in 0..<program.modelCount {
                guard let option = allowed(step, model) else { continue }
                low = min(low, objective(option))
                lowAmounts = zip(lowAmounts, amounts(option, step, model)).map(min)
            }
            restObjective[step] = restObjective[step + 1] + low
            restAmounts[step] = zip(restAmounts[step + 1], lowAmounts).map(+)
        }
    }

    private mutating func visit(_ step: Int, _ value: Double, _ used: [Double]) {
        if step == program.stepCount {
            best = min(best, value)
            return
        }
        models: for model in 0..<program.modelCount {
            guard let option = allowed(step, model) else { continue }
            var value = value + objective(option)
            var used = zip(used, amounts(option, step, model)).map(+)
            let before = step == 0 ? program.previous : choice[step - 1]
            if let before, before != model, !program.switching.isEmpty {
                let move = program.switching[step][model]
                used[0] += move.cost
                used[1] += move.latency
                used[2] += move.energy
                let weights = program.weights
                let sum =
                    weights.cost * move.cost / span[0] + weights.energy * move.energy / span[1]
                    + weights.latency * move.latency / span[2]
                value += sum / (weights.cost + weights.energy + weights.latency + weights.accuracy)
            }
            guard value + restObjective[step + 1] < best else { continue }
            for row in limits.indices where used[row] + restAmounts[step + 1][row] > limits[row] * (1 + 1e-12) {
                continue models
            }
            choice[step] = model
            visit(step + 1, value, used)
        }
    }
}

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
