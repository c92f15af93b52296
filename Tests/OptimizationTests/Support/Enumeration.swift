import Optimization

/// The slow, obvious solver: every choice of models, checked against every limit.
struct Enumeration {
    let program: AssignmentProgram
    /// Best objective of a choice that keeps all limits; nil when there is none.
    private(set) var best: Double?
    private(set) var bestChoice: [Int] = []

    init(_ program: AssignmentProgram) {
        self.program = program
        guard let scale = Scale(program) else { return }
        var choice = [Int](repeating: 0, count: program.stepCount)
        visit(&choice, 0, scale)
    }

    private mutating func visit(_ choice: inout [Int], _ step: Int, _ scale: Scale) {
        if step == program.stepCount {
            guard Self.keepsLimits(program, choice) else { return }
            let value = scale.objective(program, choice)
            if value < best ?? .infinity {
                best = value
                bestChoice = choice
            }
            return
        }
        for model in 0..<program.modelCount {
            guard let option = program.options[step][model], option.accuracy >= program.accuracyFloor(step) else {
                continue
            }
            choice[step] = model
            visit(&choice, step + 1, scale)
        }
    }

    /// Whether a choice keeps every limit of a program; shares no code with the solver.
    static func keepsLimits(_ program: AssignmentProgram, _ choice: [Int]) -> Bool {
        var cost = 0.0
        var energy = 0.0
        var error = 0.0
        var latency = [Double](repeating: 0, count: program.stepCount)
        var uses = [Int](repeating: 0, count: program.modelCount)
        for (step, model) in choice.enumerated() {
            guard let option = program.options[step][model], option.accuracy >= program.accuracyFloor(step) else {
                return false
            }
            cost += option.cost
            energy += option.energy
            latency[step] = option.latency
            error += 1 - option.accuracy
            uses[model] += 1
            let before = step == 0 ? program.previous : choice[step - 1]
            if let before, before != model, !program.switching.isEmpty {
                cost += program.switching[step][model].cost
                energy += program.switching[step][model].energy
                latency[step] += program.switching[step][model].latency
            }
        }
        if let budget = program.budget, cost > budget { return false }
        if let cap = program.energyCap, energy > cap * (1 + 1e-9) { return false }
        if let deadline = program.deadline {
            let paths = program.latencyPaths.isEmpty ? [Array(choice.indices)] : program.latencyPaths
            for path in paths where path.reduce(0, { $0 + latency[$1] }) > deadline * (1 + 1e-9) { return false }
        }
        if let least = program.minimumMeanAccuracy {
            let steps = Double(program.stepCount)
            if error > steps * (1 - least) * (1 + 1e-9) + 1e-12 { return false }
        }
        for (model, slots) in program.slots.enumerated() {
            if let slots, uses[model] > slots { return false }
        }
        for limit in program.limits {
            let sum = choice.enumerated().reduce(0) { $0 + limit.amounts[$1.offset][$1.element] }
            if sum > limit.most * (1 + 1e-9) { return false }
        }
        return true
    }

    /// The scaled weighted sum of a choice.
    static func objective(_ program: AssignmentProgram, _ choice: [Int]) -> Double? {
        Scale(program)?.objective(program, choice)
    }
}

/// The documented affine scale, computed independently.
private struct Scale {
    var least: [Double]
    var span: [Double]

    init?(_ program: AssignmentProgram) {
        var rows: [[Double]] = []
        for (step, options) in program.options.enumerated() {
            for case .some(let option) in options where option.accuracy >= program.accuracyFloor(step) {
                rows.append([option.cost, option.energy, option.latency, 1 - option.accuracy])
            }
        }
        guard !rows.isEmpty else { return nil }
        let moves = program.switching.flatMap { $0 }
        var widest = [0.0, 0, 0, 0]
        for move in moves {
            widest = [max(widest[0], move.cost), max(widest[1], move.energy), max(widest[2], move.latency), 0]
        }
        least = (0..<4).map { criterion in rows.map { $0[criterion] }.min() ?? 0 }
        span = []
        for criterion in 0..<4 {
            let spread = (rows.map { $0[criterion] }.max() ?? 0) - least[criterion]
            let wide = max(spread, widest[criterion])
            span.append(wide > 0 ? wide : 1)
        }
    }

    func objective(_ program: AssignmentProgram, _ choice: [Int]) -> Double {
        let weights = [program.weights.cost, program.weights.energy, program.weights.latency, program.weights.accuracy]
        let sum = weights.reduce(0, +)
        var total = 0.0
        for (step, model) in choice.enumerated() {
            guard let option = program.options[step][model] else { return .infinity }
            let values = [option.cost, option.energy, option.latency, 1 - option.accuracy]
            for criterion in 0..<4 {
                total += weights[criterion] * (values[criterion] - least[criterion]) / span[criterion] / sum
            }
            let before = step == 0 ? program.previous : choice[step - 1]
            guard let before, before != model, !program.switching.isEmpty else { continue }
            let move = program.switching[step][model]
            for (criterion, amount) in [move.cost, move.energy, move.latency].enumerated() {
                total += weights[criterion] * amount / span[criterion] / sum
            }
        }
        return total
    }
}

extension Enumeration {
    /// The totals of every choice that keeps all limits.
    static func plans(_ program: AssignmentProgram) -> [AssignmentTotals] {
        var plans: [AssignmentTotals] = []
        var choice = [Int](repeating: 0, count: program.stepCount)
        func visit(_ step: Int) {
            guard step < program.stepCount else {
                if keepsLimits(program, choice) { plans.append(AssignmentTotals(program, choice: choice)) }
                return
            }
            for model in 0..<program.modelCount where program.options[step][model] != nil {
                choice[step] = model
                visit(step + 1)
            }
        }
        visit(0)
        return plans
    }
}
