import Core

extension LedgerSession {
    private static let slotColumns = ["span", "start"] + RollupSlot.columns
    private static let sumColumns = SumColumn.allCases.map(\.rawValue)
    /// Adds to the sums that are there; the latencies are written over.
    private static let rollupInsertion = SQLInsertion(
        table: "rollup", columns: slotColumns + sumColumns + ["latency"],
        types: (slotColumns + sumColumns).map { _ in .bigint } + [.bytea],
        conflict: " ON CONFLICT (\(slotColumns.joined(separator: ", "))) DO UPDATE SET "
            + sumColumns.map { "\($0) = rollup.\($0) + excluded.\($0)" }.joined(separator: ", ")
            + ", latency = excluded.latency")
    private static let selectLatency =
        "SELECT latency FROM rollup WHERE " + slotColumns.map { "\($0) = ?" }.joined(separator: " AND ")
    /// The latencies of many slots by their position; parameters are an array for each column.
    private static let selectLatencies =
        "SELECT place, latency FROM unnest(\(slotColumns.map { _ in "CAST(? AS BIGINT[])" }.joined(separator: ", "))) "
        + "WITH ORDINALITY AS slot (\(slotColumns.joined(separator: ", ")), place) "
        + "JOIN rollup USING (\(slotColumns.joined(separator: ", ")))"

    /// Adds the sums of the transaction to the hours' and days' roll-ups; to be called before the commit.
    func writeRollups() throws(LedgerError) {
        if transactionSums.isEmpty { return }
        var days: [RollupSlot: EntrySums] = [:]
        for (slot, sums) in transactionSums {
            let day = RollupSlot(
                hour: slot.hour.floored(to: RollupSlot.dayMilliseconds), dimensions: slot.dimensions)
            if days[day]?.add(sums) == nil { days[day] = sums }
        }
        var pieces: [(key: [SQLValue], sums: EntrySums)] = []
        for (slot, sums) in transactionSums { pieces.append((Self.key(slot, RollupSlot.hourMilliseconds), sums)) }
        for (slot, sums) in days { pieces.append((Self.key(slot, RollupSlot.dayMilliseconds), sums)) }
        // Histograms cannot be added in SQL: they are read, merged and written back whole.
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
        try connection.insert(rows, Self.rollupInsertion)
    }

    /// What is kept of the latencies of some slots, by position.
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
}
