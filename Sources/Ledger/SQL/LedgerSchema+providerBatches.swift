extension LedgerMigration {
    /// Rows of a batch that a provider does together. As long as a group is not `closed`, its name owns their reservations
    /// and the rows themselves; `batch_row.provider_group` stays, and says that a provider had the row.
    static let providerBatches: [String] = [
        "CREATE TABLE provider_group (name TEXT PRIMARY KEY, batch TEXT NOT NULL, model TEXT NOT NULL, "
            + "row_count {integer} NOT NULL, provider_id TEXT, phase TEXT NOT NULL, completed {integer} NOT NULL, "
            + "failed {integer} NOT NULL, created_at {integer} NOT NULL, updated_at {integer} NOT NULL){strict}",
        "CREATE INDEX provider_group_batch ON provider_group (batch, created_at)",
        "ALTER TABLE batch_row ADD COLUMN provider_group TEXT",
    ]
}
