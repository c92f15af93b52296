extension LedgerMigration {
    /// Requests under names: `owner` is at it, or was; with a `status` it is answered. `at` is when that came to be.
    static let requests: [String] = [
        "CREATE TABLE kept_request (id TEXT PRIMARY KEY, digest {bytes} NOT NULL, token TEXT NOT NULL, owner TEXT NOT NULL, "
            + "lease {integer} NOT NULL, at {integer} NOT NULL, status {integer}, headers {bytes}, body {bytes}){strict}",
        "CREATE INDEX kept_request_at ON kept_request (at)",
    ]
}
