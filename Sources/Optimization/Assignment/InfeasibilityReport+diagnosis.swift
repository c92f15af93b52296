extension InfeasibilityReport {
    /// For each limit, finds the least value that has a plan while all others hold. If no single limit suffices, finds
    /// the least sum of relative violations (elastic rows) that has one.
    static func diagnose(
        _ program: AssignmentProgram, clock: SolveClock
    ) throws(OptimizationError) -> InfeasibilityReport {
        let table = try AssignmentTable(program, scale: CriterionScale(program), pruned: false)
        let adjustableRows = table.adjustableRows
        var alone: [Relaxation] = []
        var proven = true
        for rows in adjustableRows {
            let answer = try least(rows, table, clock: clock)
            guard let choice = answer.choice else {
                proven = proven && answer.proven
                continue
            }
            let totals = table.evaluate(choice)
            guard adjustableRows.allSatisfy({ $0 == rows || table.isFeasible(totals, rows: $0) }) else { continue }
            proven = proven && answer.proven
            alone.append(Relaxation(table, rows, totals, steps: program.stepCount))
        }
        if let floors = try lowerFloors(program, clock: clock) { alone.append(floors) }
        if !alone.isEmpty {
            alone.sort { $0.relativeAmount < $1.relativeAmount }
            return InfeasibilityReport(alone: alone, joint: [], proven: proven)
        }
        let elastic = try ElasticProgram(table, elastic: adjustableRows).solve(clock: clock)
        let totals = table.evaluate(elastic.choice)
        let joint = adjustableRows.filter { !table.isFeasible(totals, rows: $0) }.map {
            Relaxation(table, $0, totals, steps: program.stepCount)
        }
        return InfeasibilityReport(alone: [], joint: joint, proven: elastic.proven && proven)
    }

    /// Bisects for the least drop of all accuracy floors that has a plan while every other limit holds. Nil without
    /// floors, or if dropping them entirely does not help.
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
        return Relaxation(limit: .accuracyFloors, requested: highest, nearest: highest - high)
    }

    /// The choice that keeps every other limit and uses the least of this one; nil if there is none.
    private static func least(
        _ rows: [Int], _ table: AssignmentTable, clock: SolveClock
    ) throws(OptimizationError) -> (choice: [Int32]?, proven: Bool) {
        guard rows.count == 1, let row = rows.first else {
            let elastic = try ElasticProgram(table, elastic: [rows]).solve(clock: clock)
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
    /// The value that the limit needs for `totals` to be allowed. Its row farthest above the limit decides.
    init(_ table: AssignmentTable, _ rows: [Int], _ totals: PathTotals, steps: Int) {
        var worst = rows[0]
        for row in rows where totals.amounts[row] > totals.amounts[worst] { worst = row }
        let row = table.rows[worst]
        let total = totals.amounts[worst]
        switch row.name {
        case .meanAccuracy:
            self.init(limit: row.name, requested: 1 - row.limit / Double(steps), nearest: 1 - total / Double(steps))
        default:
            self.init(limit: row.name, requested: row.limit, nearest: total)
        }
    }

    var relativeAmount: Double { amount / max(abs(requested), 1e-12) }
}

extension AssignmentTable {
    /// The rows that each adjustable limit sets together: a deadline holds for each of its paths.
    var adjustableRows: [[Int]] {
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

    /// The same candidates with one row as the objective instead of a limit.
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
