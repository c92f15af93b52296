extension LedgerTransaction {
    /// How many migrations the database has; to be asked within each turn.
    var versionQuery: SQLQuery { SQLQuery("SELECT COUNT(*) FROM \(connection.dialect.migrationTable)", []) }

    /// Throws `newerVersion` where a later version of the program has brought the tables up to date since this store
    /// opened them: what it would write there might count too little.
    ///
    /// - Parameter answer: that to `versionQuery`.
    func checkVersion(_ answer: SQLResult) throws(LedgerError) {
        guard let count = answer.rows.first?.integer(0), count > LedgerMigration.all.count else { return }
        let applied = try connection.rows("SELECT * FROM \(connection.dialect.migrationTable)", []).map { $0.text(0) }
        let unknown = Set(applied).subtracting(LedgerMigration.all.map(\.name))
        throw .newerVersion(database: "the database", migrations: unknown.sorted())
    }

    /// Asks by itself.
    func checkVersion() throws(LedgerError) { try checkVersion(try connection.results([versionQuery])[0]) }
}

extension SQLDialect {
    /// Keeps the names of the migrations that were made, in its only column.
    fileprivate var migrationTable: String {
        switch self {
        case .sqlite: "grdb_migrations"
        case .postgreSQL: "hera_migration"
        }
    }
}
