extension SQLLedger {
    /// Opens the ledger at a location, with faults where they are given.
    ///
    /// - Parameters:
    ///   - faults: for tests alone; lets faults happen in the write path.
    ///   - entriesBetweenRollups: how many entries are booked before they are added to the roll-ups; nil for as many as
    ///     always.
    package static func open(
        _ location: String, faults: FaultPoints?, entriesBetweenRollups: Int? = nil
    ) throws(LedgerError) -> SQLLedger {
        let ledger = try open(location)
        guard let faults else { return ledger }
        return SQLLedger(
            database: FaultyDatabase(base: ledger.database, points: faults),
            entriesBetweenRollups: entriesBetweenRollups ?? RollupWorker.entriesBetween)
    }

    /// Opens the ledger at a location: `sqlite:PATH`, or `postgres://user@host/database`.
    ///
    /// Throws `badLocation` for what is neither, and whatever stands in the way of opening it.
    package static func open(_ location: String) throws(LedgerError) -> SQLLedger {
        if location.hasPrefix("sqlite:") {
            let path = String(location.dropFirst("sqlite:".count))
            guard !path.isEmpty else { throw .badLocation(location, reason: "the path is missing") }
            return try sqlite(path: path)
        }
        if location.hasPrefix("postgres://") || location.hasPrefix("postgresql://") {
            try LedgerLocation(text: location).checkAddress()
            return SQLLedger(database: try PostgreSQLDatabase(url: location))
        }
        let shown = LedgerLocation(text: location).shown
        throw .badLocation(shown, reason: "it begins neither with sqlite: nor with postgres://")
    }
}
