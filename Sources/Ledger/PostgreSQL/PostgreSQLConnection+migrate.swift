extension PostgreSQLConnection {
    /// Brings the tables up to date, one node after the other; waits for the turn as long as it takes.
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
            // Whoever reads a table meanwhile is waited for.
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

    /// Entries are never changed or taken away, whoever connects.
    private static let appendOnly = """
        CREATE OR REPLACE FUNCTION hera_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'entries are append-only: append a correction instead'; END $$;
        CREATE OR REPLACE TRIGGER entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON entry
        FOR EACH STATEMENT EXECUTE FUNCTION hera_append_only();
        """
}
