/// Groups the steps of a table that have equal candidates, so that only their number per model matters.
///
/// A plan of n equal steps has n! permutations, which branch and bound over single steps visits one by one. Counts have
/// one of each.
struct StepGroups {
    /// Steps, by group; each group has at least one.
    private(set) var members: [[Int]] = []
    private let table: AssignmentTable

    /// Nil if steps are coupled by switching, or too few are equal for counts to pay off.
    init?(_ table: AssignmentTable, mostGroups: Int = 64) {
        guard !table.hasSwitching, table.stepCount > 1 else { return nil }
        self.table = table
        var groups: [[Double]: Int] = [:]
        let width = table.rowCount
        for step in 0..<table.stepCount {
            let candidates = table.candidates(step)
            var key = candidates.map { Double(table.models[$0]) } + candidates.map { table.objective[$0] }
            key += table.amounts[(candidates.lowerBound * width)..<(candidates.upperBound * width)]
            if let group = groups[key] {
                members[group].append(step)
            } else {
                guard members.count < mostGroups, members.count * 2 <= table.stepCount else { return nil }
                groups[key] = members.count
                members.append([step])
            }
        }
        guard members.count * 2 <= table.stepCount else { return nil }
    }

    /// The candidates of each group, in the order of the program's columns.
    private var columns: [(group: Int, offset: Int, candidate: Int)] {
        members.indices.flatMap { group in
            let candidates = table.candidates(members[group][0])
            return candidates.map { (group, $0 - candidates.lowerBound, $0) }
        }
    }

    /// The program over counts: n[g,m] whole and at least 0, the counts of a group add up to its steps.
    ///
    /// - Parameter objectiveCap: requires an objective at or below this, if a plan is already known.
    func program(objectiveCap: Double?) -> LinearProgram {
        var program = LinearProgram()
        let width = table.rowCount
        let columns = columns
        for (group, _, candidate) in columns {
            _ = program.addColumn(
                .init(
                    objective: table.objective[candidate], upper: Double(members[group].count), isInteger: true))
        }
        for group in members.indices {
            let count = Double(members[group].count)
            let terms = columns.indices.filter { columns[$0].group == group }.map { ($0, 1.0) }
            program.addRow(.init(lower: count, upper: count), terms)
        }
        for (index, row) in table.rows.enumerated() {
            let terms = columns.indices.map { ($0, table.amounts[columns[$0].candidate * width + index] / row.scale) }
            program.addRow(.init(upper: row.limit / row.scale), terms)
        }
        if let objectiveCap {
            program.addRow(
                .init(upper: objectiveCap), columns.indices.map { ($0, table.objective[columns[$0].candidate]) })
        }
        return program
    }

    /// The plan of a solution's counts; nil if they do not add up.
    func choice(_ values: [Double]) -> [Int32]? {
        var choice = [Int32](repeating: -1, count: table.stepCount)
        var done = [Int](repeating: 0, count: members.count)
        for (column, value) in zip(columns, values) {
            for _ in 0..<Int(value.rounded()) {
                guard done[column.group] < members[column.group].count else { return nil }
                let step = members[column.group][done[column.group]]
                choice[step] = Int32(table.starts[step] + column.offset)
                done[column.group] += 1
            }
        }
        return choice.contains(-1) ? nil : choice
    }
}
