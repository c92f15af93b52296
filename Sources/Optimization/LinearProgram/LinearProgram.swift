/// A linear or mixed-integer program to be minimised, as a value: columns, rows, and the entries between them.
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

/// What GLPK made of a linear program.
package struct LinearSolution: Sendable {
    package enum Status: Sendable, Hashable {
        /// Optimal within the gap.
        case optimal
        /// A solution, but the time ran out before it was proven.
        case feasible
        /// Proven: there is none.
        case infeasible
        case unbounded
        /// The time ran out before a first solution.
        case stopped
    }

    package var status: Status
    /// One value a column; empty without a solution.
    package var values: [Double]
    package var objective: Double
    /// No solution is below this; -infinity where nothing is known.
    package var bound: Double
    /// Duals of the linear relaxation, one a row; empty where it was not solved.
    package var rowDuals: [Double]
}
