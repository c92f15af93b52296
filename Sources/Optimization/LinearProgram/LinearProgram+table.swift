extension LinearProgram {
    /// The program of docs/internals/optimization.md over the candidates of a table. One binary column per candidate,
    /// and with switching one entry column y[s,m] >= x[s,m] - x[s-1,m].
    ///
    /// - Parameters:
    ///   - keeps: which candidates get a column; the others are left out.
    ///   - objectiveCap: requires an objective at or below this, if a plan is already known.
    init(_ table: AssignmentTable, keeps: [Bool], objectiveCap: Double?) {
        self.init()
        let width = table.rowCount
        var column = [Int](repeating: -1, count: table.candidateCount)
        var entryOf: [(candidate: Int, column: Int)] = []
        for candidate in 0..<table.candidateCount where keeps[candidate] {
            column[candidate] = addColumn(.binary(objective: table.objective[candidate]))
        }
        for step in 0..<table.stepCount {
            let terms = table.candidates(step).filter { keeps[$0] }.map { (column[$0], 1.0) }
            addRow(Row(lower: 1, upper: 1), terms)
        }
        if table.hasSwitching {
            for step in 1..<table.stepCount {
                for candidate in table.candidates(step) where keeps[candidate] && table.entersAtCost(candidate) {
                    let entry = addColumn(Column(objective: table.enterObjective[candidate], upper: 1))
                    entryOf.append((candidate, entry))
                    let model = Int(table.models[candidate])
                    let before = Int(table.candidateOfModel[(step - 1) * table.modelCount + model])
                    var terms = [(entry, 1.0), (column[candidate], -1.0)]
                    if before >= 0, keeps[before] { terms.append((column[before], 1)) }
                    addRow(Row(lower: 0), terms)
                }
            }
        }
        for (index, row) in table.rows.enumerated() {
            var terms: [(column: Int, value: Double)] = []
            for candidate in 0..<table.candidateCount where keeps[candidate] {
                terms.append((column[candidate], table.amounts[candidate * width + index] / row.scale))
            }
            for (candidate, entry) in entryOf {
                terms.append((entry, table.enterAmounts[candidate * width + index] / row.scale))
            }
            addRow(Row(upper: row.limit / row.scale), terms)
        }
        guard let objectiveCap else { return }
        var terms: [(column: Int, value: Double)] = []
        for (index, column) in columns.enumerated() { terms.append((index, column.objective)) }
        addRow(Row(upper: objectiveCap), terms)
    }
}

extension AssignmentTable {
    /// Whether switching to a candidate adds anything.
    func entersAtCost(_ candidate: Int) -> Bool {
        if enterObjective[candidate] > 0 { return true }
        for row in 0..<rowCount where enterAmounts[candidate * rowCount + row] > 0 { return true }
        return false
    }
}
