extension LinearProgram {
    /// Most columns, rows and entries that are handed to GLPK; beyond this it neither ends in time nor fits in memory.
    package static let greatestCount = 4_000_000

    /// GLPK ends the process on malformed input, so everything it asserts is checked here first.
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

    /// Beyond this GLPK's arithmetic has no meaning.
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
