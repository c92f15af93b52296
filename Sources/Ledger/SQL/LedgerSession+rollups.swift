import Core

extension LedgerSession {
    private static let slotColumns = ["span", "start"] + RollupSlot.columns
    private static let sumColumns = SumColumn.allCases.map(\.rawValue)
    private static let insertRollup =
        "INSERT INTO rollup (\((slotColumns + sumColumns + ["latency"]).joined(separator: ", "))) "
        + "VALUES (\(placeholders(slotColumns.count + sumColumns.count + 1))) "
        + "ON CONFLICT (\(slotColumns.joined(separator: ", "))) DO UPDATE SET "
        + sumColumns.map { "\($0) = rollup.\($0) + excluded.\($0)" }.joined(separator: ", ")
        + ", latency = excluded.latency"
    private static let selectLatency =
        "SELECT latency FROM rollup WHERE " + slotColumns.map { "\($0) = ?" }.joined(separator: " AND ")

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
        let kept = try connection.results(pieces.map { SQLQuery(Self.selectLatency, $0.key) })
        for (piece, result) in zip(pieces, kept) {
            var latency = piece.sums.latency
            if let row = result.rows.first {
                guard let histogram = LatencyHistogram(bytes: row.blob(0), sumMicroseconds: 0) else {
                    throw .database("a roll-up's latencies cannot be read; run `hera ledger verify`")
                }
                latency.merge(histogram)
            }
            try connection.post(
                Self.insertRollup, piece.key + piece.sums.values.map { .integer($0) } + [.blob(latency.bytes)])
        }
    }

    private static func key(_ slot: RollupSlot, _ span: Int64) -> [SQLValue] {
        [.integer(span), .integer(slot.hour)] + slot.dimensions.map { .integer($0) }
    }
}
