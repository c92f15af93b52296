extension LedgerMigration {
    /// What nodes told of their keys' uses in the last minute; `at` is a moment of the database's lease clock.
    static let rates: [String] = [
        "CREATE TABLE rate_use (sequence {serial}, owner TEXT NOT NULL, number {integer} NOT NULL, "
            + "at {integer} NOT NULL, uses {bytes} NOT NULL, UNIQUE (owner, number)){strict}"
    ]
}

extension LedgerTransaction {
    /// Whether another node than `node` lives, and what the others told since the look that saw `sequence` last.
    ///
    /// Rows of a table are committed in the order of their numbers, since writers take turns: none can be overlooked.
    func rateNews(for node: String, after sequence: Int64, clock: Int64) throws(LedgerError) -> RateUpdate {
        let living = try connection.row(
            "SELECT COUNT(*) FROM node WHERE owner <> ? AND until > ?", [.text(node), .integer(clock)])
        let rows = try connection.rows(
            "SELECT sequence, at, uses FROM rate_use WHERE sequence > ? AND owner <> ? ORDER BY sequence",
            [.integer(sequence), .text(node)])
        return RateUpdate(
            hasOthers: (living?.integer(0) ?? 0) > 0,
            told: rows.map { row in
                RateUpdate.Told(
                    sequence: row.integer(0), age: clock - row.integer(1), uses: RateUse.uses(json: row.blob(2)))
            })
    }

    /// Tells uses under a number of this store's own, once, and forgets what is in nobody's bucket any more.
    func tellRates(_ uses: [UInt8], number: Int64, clock: Int64) throws(LedgerError) {
        try connection.execute(
            "INSERT INTO rate_use (owner, number, at, uses) VALUES (?, ?, ?, ?) ON CONFLICT (owner, number) DO NOTHING",
            [.text(owner), .integer(number), .integer(clock), .blob(uses)])
        // A machine that was restarted has a younger clock.
        try connection.execute(
            "DELETE FROM rate_use WHERE at < ? OR at > ?",
            [.integer(clock - RateExchange.keptMilliseconds), .integer(clock + RateExchange.keptMilliseconds)])
    }
}
