/// The ledger: money, decisions, jobs and what belongs to them, in one SQL database.
///
/// `read` and `write` run operations of `LedgerTransaction` in one transaction. Operations that need more than that
/// (node liveness, rate limits, metrics, several transactions) are methods of the store.
///
/// When a write returns, it is on disk; under `Durability.normal`, one that only moves money is committed, and its flush
/// is under way. When it throws, nothing of it is. Ids and times come from the callers, so that
/// a write can be repeated after a failure without doing its work twice.
package struct LedgerStore: Sendable {
    let database: any SQLDatabase
    private let commits: GroupCommit
    let rates = KeyRates()
    let requests = OpenIdempotencyKeys()
    let metrics = BookingMetrics()
    let refusedBudgets = RefusedBudgets()

    /// - Parameter entriesBetweenRollups: entries that are booked before they are added to the roll-ups.
    init(
        database: any SQLDatabase, entriesBetweenRollups: Int = RollupWorker.entriesBetween,
        durability: Durability = .strict
    ) {
        self.database = database
        commits = GroupCommit(
            database: database, entriesBetweenRollups: entriesBetweenRollups, durability: durability)
    }

    /// Names this running store in its reservations and leases.
    package var owner: String { database.owner }

    /// Runs queries on a reader's connection, which sees one state of the database.
    ///
    /// An error of the body that is no `LedgerError` arrives as `.database`.
    package func read<Value: Sendable>(
        _ body: @escaping @Sendable (inout LedgerTransaction) throws -> Value
    ) async throws(LedgerError) -> Value {
        try await database.read { (connection) throws(LedgerError) in
            var transaction = LedgerTransaction(connection: connection)
            return try LedgerError.narrow { try body(&transaction) }
        }
    }

    /// Runs operations in a savepoint of the next group commit and waits until they are on disk.
    ///
    /// The body may run again after a conflict with another node. An error of the body that is no `LedgerError` arrives
    /// as `.database`.
    package func write<Value: Sendable>(
        _ body: @escaping @Sendable (inout LedgerTransaction) throws -> Value
    ) async throws(LedgerError) -> Value {
        try await commits.submit(body).0
    }

    /// The same for an operation that only moves money, which the group commit does together with others.
    ///
    /// - Returns: the value, and the mark of a flush that is still under way; nil if the write is on disk.
    func write<Value: Sendable>(
        _ money: MoneyOperation?, read: @escaping @Sendable (MoneyResult) -> Value?,
        _ body: @escaping @Sendable (inout LedgerTransaction) throws -> Value
    ) async throws(LedgerError) -> (Value, FlushMark?) {
        try await commits.submit(money: money, read: read, body)
    }

    /// Waits until a reservation is on disk; throws `writesLost` where that is unknown.
    package func waitForDisk(_ reservation: Reservation) async throws(LedgerError) {
        if let flush = reservation.flush { try await commits.waitForDisk(flush) }
    }

    /// Adds all entries to the roll-ups now instead of after `entriesBetweenRollups`.
    func rollUp() async throws(LedgerError) { try await commits.rollUp() }

    /// Streams what is written from now on, by this store and (on PostgreSQL) by every other one, until it is closed.
    package func notices() -> AsyncStream<LedgerNotification> { database.notices() }

    /// Waits for operations under way and closes the database.
    package func close() async {
        await commits.close()
        database.close()
    }
}

// MARK: Opening

extension LedgerStore {
    /// Opens the SQLite file at a path, creates it where it is missing, and brings its tables up to date.
    ///
    /// Throws `cannotOpen`, `readOnly`, `corrupt`, `newerVersion`, `diskFull` or `busy`.
    package static func sqlite(path: String, durability: Durability = .strict) throws(LedgerError) -> LedgerStore {
        LedgerStore(database: try SQLiteDatabase(path: path), durability: durability)
    }

    /// Opens the ledger at a location: `sqlite:PATH`, or `postgres://user@host/database`.
    ///
    /// Throws `badLocation` for anything else, and the errors of opening the database.
    package static func open(
        _ location: String, durability: Durability = .strict
    ) throws(LedgerError) -> LedgerStore {
        if location.hasPrefix("sqlite:") {
            let path = String(location.dropFirst("sqlite:".count))
            guard !path.isEmpty else { throw .badLocation(location, reason: "the path is missing") }
            return try sqlite(path: path, durability: durability)
        }
        if location.hasPrefix("postgres://") || location.hasPrefix("postgresql://") {
            try LedgerLocation(text: location).checkAddress()
            return LedgerStore(database: try PostgreSQLDatabase(url: location), durability: durability)
        }
        let shown = LedgerLocation(text: location).shown
        throw .badLocation(shown, reason: "it begins neither with sqlite: nor with postgres://")
    }

    /// Opens the ledger at a location for tests, with faults in its write path.
    ///
    /// - Parameter entriesBetweenRollups: entries that are booked before they are added to the roll-ups; nil for the
    ///   usual number.
    package static func open(
        _ location: String, faults: FaultPoints?, entriesBetweenRollups: Int? = nil, durability: Durability = .strict
    ) throws(LedgerError) -> LedgerStore {
        let ledger = try open(location, durability: durability)
        guard let faults else { return ledger }
        return LedgerStore(
            database: FaultyDatabase(base: ledger.database, points: faults),
            entriesBetweenRollups: entriesBetweenRollups ?? RollupWorker.entriesBetween, durability: durability)
    }
}
