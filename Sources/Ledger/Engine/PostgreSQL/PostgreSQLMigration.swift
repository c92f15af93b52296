extension PostgreSQLConnection {
    /// Migrates the tables, one node after the other; waits for the turn without a limit.
    func migrate(_ migrations: [LedgerMigration], turnSeconds: Double) throws(LedgerError) {
        while true {
            do throws(LedgerError) {
                return try migrateInTurn(migrations)
            } catch {
                guard error.isPassing, hasWaitedInVain else { throw error }
                endSilentTurn(seconds: turnSeconds)
            }
        }
    }

    private func migrateInTurn(_ migrations: [LedgerMigration]) throws(LedgerError) {
        do throws(LedgerError) {
            for statement in dialect.begin { try execute(statement, []) }
            // Waits for readers of a table.
            try script("SET LOCAL lock_timeout = 0; CREATE TABLE IF NOT EXISTS hera_migration (name TEXT PRIMARY KEY)")
            let applied = try rows("SELECT name FROM hera_migration", []).map { $0.text(0) }
            let unknown = Set(applied).subtracting(migrations.map(\.name))
            guard unknown.isEmpty else {
                throw .newerVersion(database: "the database", migrations: unknown.sorted())
            }
            for migration in migrations where !applied.contains(migration.name) {
                for statement in migration.statements(in: .postgreSQL) { try script(statement) }
                try execute("INSERT INTO hera_migration VALUES (?)", [.text(migration.name)])
            }
            try script(Self.appendOnly)
            try execute("COMMIT", [])
        } catch {
            if isInTransaction { _ = try? execute("ROLLBACK", []) }
            throw error
        }
    }

    /// Forbids any client to change or delete entries.
    private static let appendOnly = """
        CREATE OR REPLACE FUNCTION hera_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'entries are append-only: append a correction instead'; END $$;
        CREATE OR REPLACE TRIGGER entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON entry
        FOR EACH STATEMENT EXECUTE FUNCTION hera_append_only();
        """
}

extension PostgreSQLConnection {
    /// Ends the session of a silent node that holds the turn, if this connection has waited for it in vain.
    ///
    /// The node hangs (a sleeping machine, a stopped process) or has vanished, maybe in the middle of a message, where
    /// no timeout of the server applies. Its transaction is rolled back. A node with a running statement is left alone,
    /// since the server does not wait for it.
    func endSilentTurn(seconds: Double) {
        guard hasWaitedInVain else { return }
        hasWaitedInVain = false
        if isInTransaction || !isUsable { return }
        // A little less than the wait itself, so that the first waiting node need not wait again.
        let silence = Int64(seconds * 1000) * 4 / 5
        _ = try? row(
            Self.endSilent,
            [
                .integer(SQLDialect.turnLock >> 32), .integer(SQLDialect.turnLock & 0xffff_ffff),
                .integer(silence),
            ])
    }

    /// pg_locks shows a 64-bit key as `classid` and `objid`, with `objsubid` 1.
    private static let endSilent = """
        SELECT COUNT(pg_terminate_backend(pid)) FROM pg_locks JOIN pg_stat_activity USING (pid)
        WHERE locktype = 'advisory' AND granted AND objsubid = 1
        AND CAST(classid AS BIGINT) = ? AND CAST(objid AS BIGINT) = ?
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND wait_event_type = 'Client' AND state_change < clock_timestamp() - CAST(? AS BIGINT) * INTERVAL '1 millisecond'
        """
}
