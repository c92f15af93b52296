extension InfeasibilityReport {
    /// Asks, limit by limit, for the least value that has a plan while all others stand; and where no single limit is
    /// enough, for the least sum of relative violations (elastic rows) that has one.
    static func diagnose(
        _ program: AssignmentProgram, clock: SolveClock
    ) throws(OptimizationError) -> InfeasibilityReport {
        let table = try AssignmentTable(program, scale: CriterionScale(program), pruned: false)
        let knobs = table.knobs
        var alone: [Relaxation] = []
        var proven = true
        for knob in knobs {
            let answer = try least(knob, table, clock: clock)
            guard let choice = answer.choice else {
                proven = proven && answer.proven
                continue
            }
            let totals = table.evaluate(choice)
            guard knobs.allSatisfy({ $0 == knob || table.isFeasible(totals, rows: $0) }) else { continue }
            proven = proven && answer.proven
            alone.append(Relaxation(table, knob, totals, steps: program.stepCount))
        }
        if let floors = try lowerFloors(program, clock: clock) { alone.append(floors) }
        if !alone.isEmpty {
            alone.sort { $0.relativeAmount < $1.relativeAmount }
            return InfeasibilityReport(alone: alone, joint: [], proven: proven)
        }
        let elastic = try ElasticProgram(table, elastic: knobs).solve(clock: clock)
        let totals = table.evaluate(elastic.choice)
        let joint = knobs.filter { !table.isFeasible(totals, rows: $0) }.map {
            Relaxation(table, $0, totals, steps: program.stepCount)
        }
        return InfeasibilityReport(alone: [], joint: joint, proven: elastic.proven && proven)
    }

    /// The least by which all accuracy floors have to come down together while every other limit stands, by halving;
    /// nil where there are no floors, or where even none would not help.
    private static func lowerFloors(
        _ program: AssignmentProgram, clock: SolveClock
    ) throws(OptimizationError) -> Relaxation? {
        guard let highest = program.accuracyFloors.max(), highest > 0 else { return nil }
        func hasPlan(_ drop: Double) throws(OptimizationError) -> Bool {
            var lowered = program
            lowered.accuracyFloors = program.accuracyFloors.map { max(0, $0 - drop) }
            var solver = TableSolver(
                try AssignmentTable(lowered, scale: CriterionScale(lowered)), gap: 0.5, clock: clock)
            if case .plan = try solver.solve() { return true }
            return false
        }
        guard try hasPlan(highest) else { return nil }
        var low = 0.0
        var high = highest
        while high - low > 1e-4, try !clock.isOver() {
            let middle = (low + high) / 2
            if try hasPlan(middle) { high = middle } else { low = middle }
        }
        return Relaxation(limit: .accuracyFloors, asked: highest, nearest: highest - high)
    }

    /// The choice that keeps every other limit and uses the least of one knob's; nil where there is none.
    private static func least(
        _ knob: [Int], _ table: AssignmentTable, clock: SolveClock
    ) throws(OptimizationError) -> (choice: [Int32]?, proven: Bool) {
        guard knob.count == 1, let row = knob.first else {
            let elastic = try ElasticProgram(table, elastic: [knob]).solve(clock: clock)
            return (elastic.choice, elastic.proven)
        }
        var solver = TableSolver(table.minimizing(row), gap: 1e-9, clock: clock)
        switch try solver.solve() {
        case .plan(let plan): return (plan.incumbent.choice, plan.proven)
        case .infeasible: return (nil, true)
        case .timedOut: return (nil, false)
        }
    }
}

extension InfeasibilityReport.Relaxation {
    /// What a knob has to be turned to for `totals` to be allowed: its row that is farthest above the limit decides.
    init(_ table: AssignmentTable, _ knob: [Int], _ totals: PathTotals, steps: Int) {
        var worst = knob[0]
        for row in knob where totals.amounts[row] > totals.amounts[worst] { worst = row }
        let row = table.rows[worst]
        let total = totals.amounts[worst]
        switch row.name {
        case .meanAccuracy:
            self.init(limit: row.name, asked: 1 - row.limit / Double(steps), nearest: 1 - total / Double(steps))
        default:
            self.init(limit: row.name, asked: row.limit, nearest: total)
        }
    }

    var relativeAmount: Double { amount / max(abs(asked), 1e-12) }
}

extension AssignmentTable {
    /// Rows that one number of the program sets together: a deadline holds for each of its paths.
    var knobs: [[Int]] {
        var deadlines: [Int] = []
        var others: [[Int]] = []
        for (index, row) in rows.enumerated() {
            if case .deadline = row.name { deadlines.append(index) } else { others.append([index]) }
        }
        return deadlines.isEmpty ? others : [deadlines] + others
    }

    /// Whether totals keep the limits of some rows.
    func isFeasible(_ totals: PathTotals, rows indices: [Int]) -> Bool {
        indices.allSatisfy { totals.amounts[$0] <= rows[$0].limit + rows[$0].tolerance }
    }

    /// The same candidates with one row for the objective, and that row gone.
    func minimizing(_ row: Int) -> AssignmentTable {
        let width = rowCount
        var others = rows
        others.remove(at: row)
        var table = AssignmentTable(self, rows: others)
        table.objective = (0..<candidateCount).map { amounts[$0 * width + row] / rows[row].scale }
        table.amounts = amounts.indices.filter { $0 % width != row }.map { amounts[$0] }
        if hasSwitching {
            table.enterObjective = (0..<candidateCount).map { enterAmounts[$0 * width + row] / rows[row].scale }
            table.enterAmounts = enterAmounts.indices.filter { $0 % width != row }.map { enterAmounts[$0] }
        }
        return table
    }
}
