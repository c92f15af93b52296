/// Minimises the sum of relative violations, for limits that may be broken.
struct ElasticProgram {
    private let table: AssignmentTable
    private let elastic: [[Int]]

    /// - Parameters:
    ///   - elastic: groups of rows; one violation covers all rows of a group.
    init(_ table: AssignmentTable, elastic: [[Int]]) {
        self.table = table
        self.elastic = elastic
    }

    /// The choice of least violation. `proven` is false if the table is too large for GLPK; then a greedy answer may
    /// break other limits as well.
    func solve(clock: SolveClock) throws(OptimizationError) -> (choice: [Int32], proven: Bool) {
        var pricer = PathPricer(table)
        var multipliers = [Double](repeating: 0, count: table.rowCount)
        for row in elastic.joined() { multipliers[row] = 1 / table.rows[row].scale }
        _ = pricer.price(multipliers, objectiveWeight: 0)
        let greedy = pricer.choice
        guard table.candidateCount <= 2000, clock.remaining > .milliseconds(1) else { return (greedy, false) }

        let keeps = [Bool](repeating: true, count: table.candidateCount)
        var program = LinearProgram(table, keeps: keeps, objectiveCap: nil)
        for column in program.columns.indices { program.columns[column].objective = 0 }
        let firstRow = program.rows.count - table.rowCount
        for group in elastic {
            let column = program.addColumn(.init(objective: 1))
            for row in group {
                // Rows are scaled by their own size. The violation is counted in the first row's.
                let value = table.rows[group[0]].scale / table.rows[row].scale
                program.entries.append(.init(row: firstRow + row, column: column, value: -value))
            }
        }
        let solution = try GLPK.solve(program, timeLimit: clock.remaining, gap: 1e-9)
        guard solution.status == .optimal || solution.status == .feasible else {
            return (greedy, solution.status == .infeasible)
        }
        var choice = greedy
        for candidate in 0..<table.candidateCount where solution.values[candidate] > 0.5 {
            choice[table.step(of: candidate)] = Int32(candidate)
        }
        return (choice, solution.status == .optimal)
    }
}
