import Domain

extension LedgerMigration {
    static let firstRollups = [rollupTable(named: "rollup")]

    /// Sums by hour and day, one row for each combination of `RollupSlot`'s dimensions.
    static func rollupTable(named name: String) -> String {
        "CREATE TABLE \(name) (span {integer} NOT NULL, start {integer} NOT NULL, "
            + (RollupSlot.columns + SumColumn.allCases.map(\.rawValue)).map { "\($0) {integer} NOT NULL, " }.joined()
            + "latency {bytes} NOT NULL, PRIMARY KEY (span, start, \(RollupSlot.columns.joined(separator: ", ")))){keyed}"
    }

    /// Roll-ups lag behind the entries: those up to `rolled.sequence` are in them. The former table, updated in every
    /// transaction, stays for nodes of an earlier version that still write to it; it is not read.
    static let rollups: [String] = [
        "CREATE TABLE rolled (id {integer} PRIMARY KEY, sequence {integer} NOT NULL){strict}",
        "INSERT INTO rolled (id, sequence) SELECT 1, MAX(sequence) FROM entry HAVING COUNT(*) > 0",
        rollupTable(named: "rollup_sum"),
        "INSERT INTO rollup_sum SELECT * FROM rollup",
    ]

    /// Rows of providers' batches no longer count among the latencies. If there are such entries, the roll-ups are
    /// rebuilt.
    static let latencies: [String] = [
        "DELETE FROM rolled WHERE EXISTS (SELECT 1 FROM entry WHERE batch IS NOT NULL "
            + "AND tier = (SELECT id FROM name WHERE label = 'batch'))",
        "DELETE FROM rollup_sum WHERE NOT EXISTS (SELECT 1 FROM rolled)",
    ]
}

/// The entries of a range of numbers, summed by hour.
struct UnrolledEntries: Sendable {
    /// The last entry in the roll-ups, and the last of this range.
    let after: Int64
    let upTo: Int64
    /// Sums by hour.
    var hours: [RollupSlot: EntrySums] = [:]

    mutating func add(_ sums: [RollupSlot: EntrySums]) {
        for (slot, sums) in sums where hours[slot]?.add(sums) == nil { hours[slot] = sums }
    }
}

/// Roll-ups have the entries up to a number; readers add the rest from the entries.
///
/// Entries have rising numbers, and transactions with entries are serial, so no entry appears below a number that was
/// read.
extension LedgerTransaction {
    private static let slotColumns = ["span", "start"] + RollupSlot.columns
    private static let sumColumns = SumColumn.allCases.map(\.rawValue)
    /// Adds to existing sums; overwrites the latencies.
    static let rollupInsertion = SQLInsertion(
        table: "rollup_sum", columns: slotColumns + sumColumns + ["latency"],
        types: (slotColumns + sumColumns).map { _ in .bigint } + [.bytea],
        conflict: " ON CONFLICT (\(slotColumns.joined(separator: ", "))) DO UPDATE SET "
            + sumColumns.map { "\($0) = rollup_sum.\($0) + excluded.\($0)" }.joined(separator: ", ")
            + ", latency = excluded.latency")
    private static let selectLatency =
        "SELECT latency FROM rollup_sum WHERE " + slotColumns.map { "\($0) = ?" }.joined(separator: " AND ")
    /// The latencies of many slots by their position; parameters are an array for each column.
    private static let selectLatencies =
        "SELECT place, latency FROM unnest(\(slotColumns.map { _ in "CAST(? AS BIGINT[])" }.joined(separator: ", "))) "
        + "WITH ORDINALITY AS slot (\(slotColumns.joined(separator: ", ")), place) "
        + "JOIN rollup_sum USING (\(slotColumns.joined(separator: ", ")))"

    /// The last entry that is in the roll-ups, and the last of all; 0 for none.
    func rolledAndLast() throws(LedgerError) -> (rolled: Int64, last: Int64) {
        let row = try connection.row(
            "SELECT COALESCE((SELECT sequence FROM rolled), 0), COALESCE((SELECT MAX(sequence) FROM entry), 0)")
        return (row?.integer(0) ?? 0, row?.integer(1) ?? 0)
    }

    /// The sums of some entries by hour.
    func hourSums(after: Int64, upTo: Int64) throws(LedgerError) -> [RollupSlot: EntrySums] {
        try entrySums(
            span: RollupSlot.hourMilliseconds, where: "sequence > ? AND sequence <= ?",
            [.integer(after), .integer(upTo)])
    }

    /// Builds the rows to add to the roll-ups, by hour and day. Valid while no other node rolls up, which `rollUp`
    /// checks.
    func rollupRows(for entries: UnrolledEntries) throws(LedgerError) -> [[SQLValue]] {
        var days: [RollupSlot: EntrySums] = [:]
        for (slot, sums) in entries.hours {
            let day = RollupSlot(
                hour: slot.hour.floored(to: RollupSlot.dayMilliseconds), dimensions: slot.dimensions)
            if days[day]?.add(sums) == nil { days[day] = sums }
        }
        let pieces =
            entries.hours.map { (key: Self.key($0, RollupSlot.hourMilliseconds), sums: $1) }
            + days.map { (key: Self.key($0, RollupSlot.dayMilliseconds), sums: $1) }
        // SQL cannot add histograms: they are read, merged and written back.
        let kept = try latencies(of: pieces.map(\.key))
        var rows: [[SQLValue]] = []
        rows.reserveCapacity(pieces.count)
        for (index, piece) in pieces.enumerated() {
            var latency = piece.sums.latency
            if let bytes = kept[index] {
                guard let histogram = LatencyHistogram(bytes: bytes, sumMicroseconds: 0) else {
                    throw .database("a roll-up's latencies cannot be read; run `hera ledger verify`")
                }
                latency.merge(histogram)
            }
            rows.append(piece.key + piece.sums.values.map { .integer($0) } + [.blob(latency.bytes)])
        }
        return rows
    }

    /// Adds rows to the roll-ups and moves them from the entry `after` to `upTo`; false if another node has done so.
    func rollUp(_ rows: [[SQLValue]], after: Int64, upTo: Int64) throws(LedgerError) -> Bool {
        let changed = try connection.execute(
            "INSERT INTO rolled (id, sequence) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET sequence = excluded.sequence "
                + "WHERE rolled.sequence = ?", [.integer(upTo), .integer(after)])
        guard changed == 1 else { return false }
        try connection.insert(rows, Self.rollupInsertion)
        return true
    }

    /// The stored latencies of some slots, by position.
    private func latencies(of keys: [[SQLValue]]) throws(LedgerError) -> [Int: [UInt8]] {
        var latencies: [Int: [UInt8]] = [:]
        switch connection.dialect {
        case .sqlite:
            let results = try connection.results(keys.map { SQLQuery(Self.selectLatency, $0) })
            for (index, result) in results.enumerated() { latencies[index] = result.rows.first?.blob(0) }
        case .postgreSQL:
            let columns = Self.slotColumns.indices.map { column in
                SQLValue.array(SQLArray(keys.map { $0[column] }, of: .bigint))
            }
            for row in try connection.rows(Self.selectLatencies, columns) {
                latencies[Int(row.integer(0)) - 1] = row.blob(1)
            }
        }
        return latencies
    }

    private static func key(_ slot: RollupSlot, _ span: Int64) -> [SQLValue] {
        [.integer(span), .integer(slot.hour)] + slot.dimensions.map { .integer($0) }
    }

    /// The sums of some entries by hour or day and combination, from the entries themselves.
    func entrySums(
        span: Int64, where condition: String, _ arguments: [SQLValue]
    ) throws(LedgerError) -> [RollupSlot: EntrySums] {
        let slot = ["charged_at / \(span) * \(span)"] + RollupSlot.columns.map { "COALESCE(\($0), 0)" }
        let sums = SumColumn.allCases.map { "CAST(SUM(\($0.expression)) AS BIGINT)" }
        let grouping = slot.indices.map { String($0 + 1) }.joined(separator: ", ")
        var found: [RollupSlot: EntrySums] = [:]
        try connection.forEachRow(
            "SELECT \((slot + sums).joined(separator: ", ")) FROM entry WHERE \(condition) GROUP BY \(grouping)",
            arguments
        ) { (row) throws(LedgerError) in
            let (slot, sums) = Self.slotAndSums(row)
            found[slot] = sums
        }
        try connection.forEachRow(
            "SELECT \(slot.joined(separator: ", ")), latency_us FROM entry "
                + "WHERE \(condition) AND \(SumColumn.hasLatency)", arguments
        ) { (row) throws(LedgerError) in
            let dimensions = (1...RollupSlot.columns.count).map { row.integer($0) }
            found[RollupSlot(hour: row.integer(0), dimensions: dimensions)]?.latency
                .record(microseconds: row.integer(1 + RollupSlot.columns.count))
        }
        // Roll-ups have the sum of latencies in its own column.
        return found.mapValues { sums in
            var sums = sums
            sums.latency = LatencyHistogram(counts: sums.latency, sumMicroseconds: 0)
            return sums
        }
    }

    /// Reads the start, the dimensions and the sums of a row.
    static func slotAndSums(_ row: SQLRow) -> (RollupSlot, EntrySums) {
        let dimensions = (1...RollupSlot.columns.count).map { row.integer($0) }
        var sums = EntrySums()
        for index in sums.values.indices { sums.values[index] = row.integer(1 + dimensions.count + index) }
        return (RollupSlot(hour: row.integer(0), dimensions: dimensions), sums)
    }
}
