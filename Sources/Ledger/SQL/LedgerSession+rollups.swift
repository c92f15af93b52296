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
            try write(sums, into: slot, span: RollupSlot.hourMilliseconds)
            let day = RollupSlot(
                hour: slot.hour.floored(to: RollupSlot.dayMilliseconds), dimensions: slot.dimensions)
            if days[day]?.add(sums) == nil { days[day] = sums }
        }
        for (slot, sums) in days { try write(sums, into: slot, span: RollupSlot.dayMilliseconds) }
    }

    private func write(_ sums: EntrySums, into slot: RollupSlot, span: Int64) throws(LedgerError) {
        let key = [SQLValue.integer(span), .integer(slot.hour)] + slot.dimensions.map { .integer($0) }
        // Histograms cannot be added in SQL: they are read, merged and written back whole.
        var latency = sums.latency
        if let kept = try connection.row(Self.selectLatency, key) {
            guard let histogram = LatencyHistogram(bytes: kept.blob(0), sumMicroseconds: 0) else {
                throw .database("a roll-up's latencies cannot be read; run `hera ledger verify`")
            }
            latency.merge(histogram)
        }
        try connection.post(Self.insertRollup, key + sums.values.map { .integer($0) } + [.blob(latency.bytes)])
    }
}
