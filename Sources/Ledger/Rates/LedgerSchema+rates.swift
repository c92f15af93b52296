extension LedgerMigration {
    /// What nodes told of their keys' uses in the last minute; `at` is a moment of the database's lease clock.
    static let rates: [String] = [
        "CREATE TABLE rate_use (sequence {serial}, owner TEXT NOT NULL, number {integer} NOT NULL, "
            + "at {integer} NOT NULL, uses {bytes} NOT NULL, UNIQUE (owner, number)){strict}"
    ]
}
