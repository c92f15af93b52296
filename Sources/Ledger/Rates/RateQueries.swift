extension LedgerMigration {
    /// The nodes' reports of the last minute; `at` is a moment of the database's lease clock.
    static let rates: [String] = [
        "CREATE TABLE rate_use (sequence {serial}, owner TEXT NOT NULL, number {integer} NOT NULL, "
            + "at {integer} NOT NULL, uses {bytes} NOT NULL, UNIQUE (owner, number)){strict}"
    ]
}

extension LedgerTransaction {
    /// Whether a node other than `node` is alive, and the others' reports behind `sequence`.
    ///
    /// Writers take turns, so rows are committed in the order of their numbers and none is missed.
    func rateUpdate(for node: String, after sequence: Int64, clock: Int64) throws(LedgerError) -> RateUpdate {
        let living = try connection.row(
            "SELECT COUNT(*) FROM node WHERE owner <> ? AND until > ?", [.text(node), .integer(clock)])
        let rows = try connection.rows(
            "SELECT sequence, at, uses FROM rate_use WHERE sequence > ? AND owner <> ? ORDER BY sequence",
            [.integer(sequence), .text(node)])
        return RateUpdate(
            hasOthers: (living?.integer(0) ?? 0) > 0,
            reports: rows.map { row in
                RateUpdate.Report(
                    sequence: row.integer(0), age: clock - row.integer(1), uses: RateUse.uses(json: row.blob(2)))
            })
    }

    /// Writes a report under its number, once, and deletes expired reports.
    func writeReport(_ uses: [UInt8], number: Int64, clock: Int64) throws(LedgerError) {
        try connection.execute(
            "INSERT INTO rate_use (owner, number, at, uses) VALUES (?, ?, ?, ?) ON CONFLICT (owner, number) DO NOTHING",
            [.text(owner), .integer(number), .integer(clock), .blob(uses)])
        // A restarted machine has a younger clock.
        try connection.execute(
            "DELETE FROM rate_use WHERE at < ? OR at > ?",
            [.integer(clock - RateExchange.keptMilliseconds), .integer(clock + RateExchange.keptMilliseconds)])
    }
}
