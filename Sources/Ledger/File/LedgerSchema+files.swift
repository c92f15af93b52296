extension LedgerMigration {
    /// Files that were there before are whole and stay. When a batch was asked to stop is written beside its state,
    /// which only its holder writes.
    static let files: [String] = [
        "ALTER TABLE file ADD COLUMN expires_at {integer}",
        "ALTER TABLE file ADD COLUMN complete {integer} NOT NULL DEFAULT 1",
        "CREATE INDEX file_created_at ON file (created_at, id)",
        "CREATE INDEX file_api_key ON file (api_key, created_at, id)",
        "ALTER TABLE batch ADD COLUMN cancelling_at {integer}",
        "CREATE INDEX batch_api_key ON batch (api_key, created_at, id)",
    ]
}
