extension AssignmentTable {
    /// Converts a valid program to a table. Drops candidates below their step's accuracy floor and dominated ones.
    init(_ program: AssignmentProgram, scale: CriterionScale, pruned: Bool = true) throws(OptimizationError) {
        let steps = program.stepCount
        let modelCount = program.modelCount
        let rows = LimitRow.rows(of: program)
        let width = rows.count
        let switches = !program.switching.isEmpty && steps > 1
        stepCount = steps
        self.modelCount = modelCount
        self.rows = rows
        starts = [0]
        starts.reserveCapacity(steps + 1)
        models = []
        objective = []
        amounts = []
        enterObjective = []
        enterAmounts = []
        candidateOfModel = switches ? [Int32](repeating: -1, count: steps * modelCount) : []

        let fillers = rows.map { RowFiller($0.name, program) }
        let inPath = fillers.map(\.steps)
        for step in 0..<steps {
            let floor = program.accuracyFloor(step)
            let options = program.options[step]
            let moves = program.switching.isEmpty ? nil : program.switching[step]
            let first = models.count
            for model in 0..<modelCount {
                guard let option = options[model], option.accuracy >= floor else { continue }
                var value = scale.objective(option, program.weights)
                let pays = step == 0 && program.previous != nil && program.previous != model
                let move = moves.map { $0[model] } ?? .free
                if pays { value += scale.objective(move, program.weights) }
                models.append(Int32(model))
                objective.append(value)
                for row in 0..<width {
                    let counted = inPath[row]?.contains(step) ?? true
                    var amount = counted ? fillers[row].amount(option, step, model) : 0
                    if pays, counted { amount += fillers[row].amount(move, step, model) }
                    amounts.append(amount)
                    if switches { enterAmounts.append(counted ? fillers[row].amount(move, step, model) : 0) }
                }
                if switches { enterObjective.append(scale.objective(move, program.weights)) }
            }
            guard models.count > first else { throw .infeasible(.noOption(program, step: step)) }
            starts.append(models.count)
        }
        measureRows()
        if pruned { removeDominated() }
        indexModels()
    }

    private mutating func indexModels() {
        guard hasSwitching else { return }
        for step in 0..<stepCount {
            for candidate in candidates(step) {
                candidateOfModel[step * modelCount + Int(models[candidate])] = Int32(candidate)
            }
        }
    }

    /// The same candidates under other rows of the same count.
    init(_ other: AssignmentTable, rows: [LimitRow]) {
        stepCount = other.stepCount
        modelCount = other.modelCount
        self.rows = rows
        starts = other.starts
        models = other.models
        objective = other.objective
        amounts = other.amounts
        enterObjective = other.enterObjective
        enterAmounts = other.enterAmounts
        candidateOfModel = other.candidateOfModel
    }
}

extension LimitRow {
    /// The limits of a program that couple its steps, in reporting order.
    static func rows(of program: AssignmentProgram) -> [LimitRow] {
        var rows: [LimitRow] = []
        if let budget = program.budget { rows.append(LimitRow(name: .budget, limit: budget)) }
        if let deadline = program.deadline {
            for path in 0..<max(1, program.latencyPaths.count) {
                rows.append(LimitRow(name: .deadline(path: path), limit: deadline))
            }
        }
        if let cap = program.energyCap { rows.append(LimitRow(name: .energyCap, limit: cap)) }
        if let least = program.minimumMeanAccuracy {
            rows.append(LimitRow(name: .meanAccuracy, limit: Double(program.stepCount) * (1 - least)))
        }
        for (model, slots) in program.slots.enumerated() {
            if let slots, slots < program.stepCount {
                rows.append(LimitRow(name: .slots(model: model), limit: Double(slots)))
            }
        }
        for limit in program.limits {
            rows.append(LimitRow(name: .other(limit.name, unit: limit.unit), limit: limit.most))
        }
        return rows
    }
}

/// Fills one limit's row with the amounts of options and switches.
private struct RowFiller {
    private enum Source {
        case criterion(Criterion)
        case slot(Int)
        case limit(AssignmentLimit?)
    }

    private let source: Source
    /// The steps that count; nil for all.
    let steps: Set<Int>?

    init(_ name: LimitName, _ program: AssignmentProgram) {
        var steps: Set<Int>?
        switch name {
        case .budget: source = .criterion(.cost)
        case .energyCap: source = .criterion(.energy)
        case .meanAccuracy, .accuracyFloor, .accuracyFloors, .noCandidate: source = .criterion(.accuracy)
        case .deadline(let path):
            source = .criterion(.latency)
            if !program.latencyPaths.isEmpty { steps = Set(program.latencyPaths[path]) }
        case .slots(let model): source = .slot(model)
        case .other(let name, let unit):
            source = .limit(program.limits.first { $0.name == name && $0.unit == unit })
        }
        self.steps = steps
    }

    func amount(_ option: AssignmentOption, _ step: Int, _ model: Int) -> Double {
        switch source {
        case .criterion(.cost): option.cost
        case .criterion(.energy): option.energy
        case .criterion(.latency): option.latency
        case .criterion(.accuracy): 1 - option.accuracy
        case .slot(let limited): model == limited ? 1 : 0
        case .limit(let limit): limit?.amounts[step][model] ?? 0
        }
    }

    func amount(_ move: AssignmentSwitch, _ step: Int, _ model: Int) -> Double {
        switch source {
        case .criterion(.cost): move.cost
        case .criterion(.energy): move.energy
        case .criterion(.latency): move.latency
        case .limit(let limit?) where !limit.switching.isEmpty: limit.switching[step][model]
        default: 0
        }
    }
}

extension InfeasibilityReport {
    /// A step that no model may serve: all options are nil, or all are below the step's accuracy floor.
    static func noOption(_ program: AssignmentProgram, step: Int) -> InfeasibilityReport {
        let best = program.options[step].compactMap { $0?.accuracy }.max()
        let relaxation =
            if let best {
                Relaxation(
                    limit: .accuracyFloor(step: step), requested: program.accuracyFloor(step), nearest: best)
            } else {
                Relaxation(limit: .noCandidate(step: step), requested: 1, nearest: 0)
            }
        return InfeasibilityReport(alone: [relaxation], joint: [], proven: true)
    }
}
