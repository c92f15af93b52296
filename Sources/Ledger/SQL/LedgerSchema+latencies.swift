extension LedgerMigration {
    /// Rows of providers' batches do not count among the latencies any more. Where there are such entries, the roll-ups
    /// begin anew, and follow the entries as ever.
    static let latencies: [String] = [
        "DELETE FROM rolled WHERE EXISTS (SELECT 1 FROM entry WHERE batch IS NOT NULL "
            + "AND tier = (SELECT id FROM name WHERE label = 'batch'))",
        "DELETE FROM rollup_sum WHERE NOT EXISTS (SELECT 1 FROM rolled)",
    ]
}
