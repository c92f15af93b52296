extension LedgerMigration {
    /// Sums by hour and day, one row for each combination of `RollupSlot`'s dimensions.
    static func rollupTable(named name: String) -> String {
        "CREATE TABLE \(name) (span {integer} NOT NULL, start {integer} NOT NULL, "
            + (RollupSlot.columns + SumColumn.allCases.map(\.rawValue)).map { "\($0) {integer} NOT NULL, " }.joined()
            + "latency {bytes} NOT NULL, PRIMARY KEY (span, start, \(RollupSlot.columns.joined(separator: ", ")))){keyed}"
    }

    /// Roll-ups that follow the entries: those up to `rolled.sequence` are in them. The table of before, which followed
    /// every transaction, stays for nodes of an earlier version that still write to it, and is not read any more.
    static let rollups: [String] = [
        "CREATE TABLE rolled (id {integer} PRIMARY KEY, sequence {integer} NOT NULL){strict}",
        "INSERT INTO rolled (id, sequence) SELECT 1, MAX(sequence) FROM entry HAVING COUNT(*) > 0",
        rollupTable(named: "rollup_sum"),
        "INSERT INTO rollup_sum SELECT * FROM rollup",
    ]
}
