extension LedgerMigration {
    /// What routing remembers of runs. `hour` is that of the last step, in hours since 1970: an index over it changes
    /// seldom, unlike one over moments.
    static let sessions: [String] = [
        "CREATE TABLE session_memory (id TEXT PRIMARY KEY, version {integer} NOT NULL, owner TEXT NOT NULL, "
            + "hour {integer} NOT NULL, body {bytes} NOT NULL){keyed}",
        "CREATE INDEX session_memory_hour ON session_memory (hour)",
    ]
}
