extension SQLLedger {
    /// Whether the program was built with libpq.
    package static var supportsPostgreSQL: Bool {
        #if canImport(CPostgres)
            true
        #else
            false
        #endif
    }

    /// Opens the ledger at a location: `sqlite:PATH`, or `postgres://user@host/database` where the program was built
    /// with libpq.
    ///
    /// Throws `badLocation` for what is neither, and whatever stands in the way of opening it.
    package static func open(_ location: String) throws(LedgerError) -> SQLLedger {
        if location.hasPrefix("sqlite:") {
            let path = String(location.dropFirst("sqlite:".count))
            guard !path.isEmpty else { throw .badLocation(location, reason: "the path is missing") }
            return try sqlite(path: path)
        }
        if location.hasPrefix("postgres://") || location.hasPrefix("postgresql://") {
            return SQLLedger(database: try postgreSQL(url: location))
        }
        throw .badLocation(location, reason: "it begins neither with sqlite: nor with postgres://")
    }

    static func postgreSQL(url: String) throws(LedgerError) -> any SQLDatabase {
        #if canImport(CPostgres)
            try PostgreSQLDatabase(url: url)
        #else
            throw .badLocation(url, reason: "this program was built without libpq")
        #endif
    }
}
