package import Domain

/// The ledger on a SQL database: the contract's operations, each handed to the group commit or to a reader.
package struct SQLLedger: LedgerStore {
    let database: any SQLDatabase
    private let commits: GroupCommit
    let rates = KeyRates()
    let requests = OpenIdempotencyKeys()
    let metrics = BookingMetrics()

    /// Opens the SQLite file at a path, makes it where it is missing, and brings its tables up to date.
    ///
    /// Throws what stands in the way: `cannotOpen`, `readOnly`, `corrupt`, `newerVersion`, `diskFull`, `busy`.
    package static func sqlite(path: String) throws(LedgerError) -> SQLLedger {
        SQLLedger(database: try SQLiteDatabase(path: path))
    }

    /// - Parameter entriesBetweenRollups: how many entries are booked before they are added to the roll-ups.
    init(database: any SQLDatabase, entriesBetweenRollups: Int = RollupWorker.entriesBetween) {
        self.database = database
        commits = GroupCommit(database: database, entriesBetweenRollups: entriesBetweenRollups)
    }

    /// This running store, as its reservations name it.
    package var owner: String { database.owner }

    func read<Value: Sendable>(
        _ body: @escaping @Sendable (inout LedgerTransaction) throws(LedgerError) -> Value
    ) async throws(LedgerError) -> Value {
        try await database.read { (connection) throws(LedgerError) in
            var session = LedgerTransaction(connection: connection)
            return try body(&session)
        }
    }

    func write<Value: Sendable>(
        _ body: @escaping @Sendable (inout LedgerTransaction) throws(LedgerError) -> Value
    ) async throws(LedgerError) -> Value {
        try await commits.submit(body)
    }

    /// The same for an operation that moves money and nothing else.
    func write<Value: Sendable>(
        _ money: MoneyOperation?, read: @escaping @Sendable (MoneyResult) -> Value?,
        _ body: @escaping @Sendable (inout LedgerTransaction) throws(LedgerError) -> Value
    ) async throws(LedgerError) -> Value {
        try await commits.submit(money: money, read: read, body)
    }

    /// Adds all entries to the roll-ups now; they are added by themselves when many were booked.
    func rollUp() async throws(LedgerError) { try await commits.rollUp() }

    package func notices() -> AsyncStream<LedgerNotification> { database.notices() }

    package func close() async {
        await commits.close()
        database.close()
    }
}

// MARK: Money

extension SQLLedger {
    package func setBudget(_ budget: Budget, at moment: Timestamp) async throws(LedgerError) {
        try await write { (session) throws(LedgerError) in try session.setBudget(budget, at: moment) }
    }

    package func removeBudget(
        scope: BudgetScope, unit: BudgetUnit, window: BudgetWindow
    ) async throws(LedgerError) {
        try await write { (session) throws(LedgerError) in
            try session.removeBudget(scope: scope, unit: unit, window: window)
        }
    }

    package func budgets(of scopes: [BudgetScope]?, at moment: Timestamp) async throws(LedgerError) -> [BudgetStatus] {
        try await read { (session) throws(LedgerError) in try session.budgets(of: scopes, at: moment) }
    }

    package func reserve(_ request: ReservationRequest) async throws(LedgerError) -> Reservation {
        if let refusal = rates.take(request) { throw .rateLimited(refusal) }
        do throws(LedgerError) {
            return try await write(
                .reserve(request), read: { if case .reservation(let made) = $0 { made } else { nil } }
            ) { (session) throws(LedgerError) in try session.reserve(request) }
        } catch {
            rates.end(request.id, used: 0, at: request.at)
            throw error
        }
    }

    package func settle(_ reservationID: String, _ entry: LedgerEntry) async throws(LedgerError) -> Settlement {
        let commit = StepCommit(settlements: [(reservationID, entry)])
        let settlement = try await write(
            .commit(commit), read: { if case .receipt(let receipt) = $0 { receipt.settlements.first } else { nil } }
        ) { (session) throws(LedgerError) in try session.settle(reservationID, entry) }
        rates.end(with: commit)
        if !settlement.isRepeat { metrics.count(entry) }
        return settlement
    }

    package func release(_ reservationID: String) async throws(LedgerError) {
        try await write(.commit(StepCommit(releases: [reservationID])), read: { _ in () }) {
            (session) throws(LedgerError) in try session.release(reservationID)
        }
        rates.end(reservationID, used: 0, at: .now())
    }

    package func correct(_ entryID: String, with truth: LedgerEntry) async throws(LedgerError) -> LedgerEntry {
        try await write { (session) throws(LedgerError) in try session.correct(entryID, with: truth) }
    }

    package func append(_ entry: LedgerEntry) async throws(LedgerError) {
        try await write { (session) throws(LedgerError) in try session.append(entry) }
        metrics.count(entry)
    }

    package func openReservations() async throws(LedgerError) -> [Reservation] {
        try await read { (session) throws(LedgerError) in try session.reservations() }
    }

    package func recover(at moment: Timestamp) async throws(LedgerError) -> [LedgerEntry] {
        let database = database
        let entries = try await writeKnowingNodes { (session, isAlive) throws(LedgerError) in
            let booked = try session.recover(at: moment, isAlive: isAlive)
            let connection = session.connection
            try session.forgetNodes { (owner) throws(LedgerError) in
                if try isAlive(owner) { return true }
                return try database.isPresent(owner, on: connection)
            }
            return booked
        }
        entries.forEach(metrics.count)
        return entries
    }

    package func entry(_ id: String) async throws(LedgerError) -> LedgerEntry? {
        try await read { (session) throws(LedgerError) in try session.entry(id) }
    }

    package func entries(ofRun runID: String) async throws(LedgerError) -> [LedgerEntry] {
        try await read { (session) throws(LedgerError) in try session.entries(ofRun: runID) }
    }
}

// MARK: Reports

extension SQLLedger {
    package func dashboard(_ query: DashboardQuery) async throws(LedgerError) -> DashboardReport {
        try await read { (session) throws(LedgerError) in try session.dashboard(query) }
    }

    package func verify() async throws(LedgerError) -> VerificationReport {
        try await verify(prices: nil)
    }

    package func verify(prices: EntryPricing?) async throws(LedgerError) -> VerificationReport {
        try await read { (session) throws(LedgerError) in try session.verify(prices: prices) }
    }
}
