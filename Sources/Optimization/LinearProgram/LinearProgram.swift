/// A linear or mixed-integer minimisation as a value: columns, rows, and the entries between them.
package struct LinearProgram: Sendable {
    /// One variable.
    package struct Column: Sendable {
        package var objective: Double
        /// Lower and upper bound; infinite for none.
        package var lower: Double
        package var upper: Double
        package var isInteger: Bool

        package init(objective: Double, lower: Double = 0, upper: Double = .infinity, isInteger: Bool = false) {
            self.objective = objective
            self.lower = lower
            self.upper = upper
            self.isInteger = isInteger
        }

        /// A variable that is 0 or 1.
        package static func binary(objective: Double) -> Column {
            Column(objective: objective, lower: 0, upper: 1, isInteger: true)
        }
    }

    /// One constraint: lower <= sum of entries x columns <= upper.
    package struct Row: Sendable {
        package var lower: Double
        package var upper: Double

        package init(lower: Double = -.infinity, upper: Double = .infinity) {
            self.lower = lower
            self.upper = upper
        }
    }

    /// One coefficient.
    package struct Entry: Sendable {
        package var row: Int
        package var column: Int
        package var value: Double

        package init(row: Int, column: Int, value: Double) {
            self.row = row
            self.column = column
            self.value = value
        }
    }

    package var columns: [Column]
    package var rows: [Row]
    package var entries: [Entry]

    package init(columns: [Column] = [], rows: [Row] = [], entries: [Entry] = []) {
        self.columns = columns
        self.rows = rows
        self.entries = entries
    }

    /// Adds a column and returns its index.
    package mutating func addColumn(_ column: Column) -> Int {
        columns.append(column)
        return columns.count - 1
    }

    /// Adds a row with its entries and returns its index. Entries of 0 are left out.
    @discardableResult
    package mutating func addRow(_ row: Row, _ terms: [(column: Int, value: Double)]) -> Int {
        rows.append(row)
        for term in terms where term.value != 0 {
            entries.append(Entry(row: rows.count - 1, column: term.column, value: term.value))
        }
        return rows.count - 1
    }
}

/// GLPK's result for a linear program.
package struct LinearSolution: Sendable {
    package enum Status: Sendable, Hashable {
        /// Optimal within the gap.
        case optimal
        /// A solution, but the time ran out before the proof.
        case feasible
        /// Proven infeasible.
        case infeasible
        case unbounded
        /// The time ran out before a first solution.
        case stopped
    }

    package var status: Status
    /// One value per column; empty without a solution.
    package var values: [Double]
    package var objective: Double
    /// Lower bound on the objective; -infinity if unknown.
    package var bound: Double
    /// Duals of the linear relaxation, one per row; empty if it was not solved.
    package var rowDuals: [Double]
}

extension LinearProgram {
    /// Most columns, rows and entries passed to GLPK. Beyond this it exceeds time and memory.
    package static let greatestCount = 4_000_000

    /// GLPK aborts the process on malformed input, so everything it asserts is checked here first.
    func validate() throws(OptimizationError) {
        guard !columns.isEmpty else { throw .invalid(.init("columns", "a linear program needs at least one")) }
        guard !rows.isEmpty else { throw .invalid(.init("rows", "a linear program needs at least one")) }
        for (name, count) in [("columns", columns.count), ("rows", rows.count), ("entries", entries.count)] {
            guard count <= Self.greatestCount else {
                throw .invalid(.init(name, "there are \(count), at most \(Self.greatestCount) can be solved"))
            }
        }
        for (index, column) in columns.enumerated() {
            guard abs(column.objective) <= Self.greatestValue else {
                throw .invalid(.init("columns", "column \(index): the objective is \(column.objective)"))
            }
            try Self.bounds(column.lower, column.upper, "columns", "column \(index)")
            guard column.isInteger else { continue }
            guard Self.isWhole(column.lower), Self.isWhole(column.upper) else {
                throw .invalid(.init("columns", "column \(index) is an integer with bounds that are not"))
            }
        }
        for (index, row) in rows.enumerated() { try Self.bounds(row.lower, row.upper, "rows", "row \(index)") }
        try validateEntries()
    }

    private func validateEntries() throws(OptimizationError) {
        var seen = Set<UInt64>(minimumCapacity: entries.count)
        for (index, entry) in entries.enumerated() {
            guard rows.indices.contains(entry.row), columns.indices.contains(entry.column) else {
                let place = "row \(entry.row), column \(entry.column)"
                throw .invalid(.init("entries", "entry \(index) is at \(place), which does not exist"))
            }
            guard abs(entry.value) <= Self.greatestValue else {
                throw .invalid(.init("entries", "entry \(index) is \(entry.value)"))
            }
            guard seen.insert(UInt64(entry.row) << 32 | UInt64(entry.column)).inserted else {
                let place = "row \(entry.row), column \(entry.column)"
                throw .invalid(.init("entries", "entry \(index) repeats \(place)"))
            }
        }
    }

    /// Beyond this GLPK's arithmetic is meaningless.
    static let greatestValue = 1e18

    private static func isWhole(_ value: Double) -> Bool {
        value.isInfinite || value == value.rounded()
    }

    private static func bounds(
        _ lower: Double, _ upper: Double, _ field: String, _ place: String
    ) throws(OptimizationError) {
        guard lower <= upper, lower < .infinity, upper > -.infinity else {
            throw .invalid(.init(field, "\(place): bounds \(lower)...\(upper) hold nothing"))
        }
        for bound in [lower, upper] where bound.isFinite && abs(bound) > greatestValue {
            throw .invalid(.init(field, "\(place): the bound \(bound) is too large"))
        }
    }
}
