import Dispatch
import Synchronization

/// A PostgreSQL database: one writing connection, which also shows that this store is alive, and a few for reading.
struct PostgreSQLDatabase: SQLDatabase {
    let owner: String
    private let writer: PostgreSQLWorker
    /// Waits for the disk. As long as its connection lasts, no crash can have taken what the writer committed.
    private let flusher: PostgreSQLWorker
    private let readers: [PostgreSQLWorker]
    /// Reads and writes roll-ups, beside the turns.
    private let roller: PostgreSQLWorker
    private let turn = Turn()
    private let hub = NotificationHub()
    private let listener: PostgreSQLListener

    private static let readerCount = 4
    /// Who waits so long for a turn looks who has it.
    private let turnSeconds: Double

    /// Connects and brings the tables up to date.
    ///
    /// - Parameter turnSeconds: a node that says nothing for so long within a turn may lose it to those that wait.
    init(
        url: String, migrations: [LedgerMigration] = LedgerMigration.all, turnSeconds: Double = 5
    ) throws(LedgerError) {
        self.turnSeconds = turnSeconds
        let key = Int64.random(in: 1 ... .max)
        owner = String(key)
        // The lock is the session's: the server gives it back when the process ends, however it ends.
        // The writer looks up single rows by plans that are made once, maybe when the tables were still empty: then
        // reading them whole would seem best, and the plan would stay.
        let plans =
            "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off; "
            + "SET plan_cache_mode = force_generic_plan"
        writer = PostgreSQLWorker(
            url: url, name: "writer",
            greeting: "\(plans); SET lock_timeout = \(Int(turnSeconds * 1000)); SELECT pg_advisory_lock(\(key))",
            insertions: [
                LedgerTransaction.reservationInsertion, LedgerTransaction.entryInsertion,
                LedgerTransaction.decisionInsertion,
                LedgerTransaction.stepInsertion,
            ])
        roller = PostgreSQLWorker(
            url: url, name: "roller", greeting: plans, insertions: [LedgerTransaction.rollupInsertion])
        flusher = PostgreSQLWorker(url: url, name: "flusher", greeting: "SET plan_cache_mode = force_generic_plan")
        readers = (0..<Self.readerCount).map { number in
            PostgreSQLWorker(
                url: url, name: "reader \(number)", greeting: "SET plan_cache_mode = force_custom_plan")
        }
        listener = PostgreSQLListener(url: url, hub: hub)
        var result: Result<Void, LedgerError> = .success(())
        try writer.with { connection in
            result = Result { () throws(LedgerError) in
                try connection.migrate(migrations, turnSeconds: turnSeconds)
            }
        }
        try result.get()
    }

    func withWriter(_ body: (any SQLConnection) -> Void) throws(LedgerError) {
        try writer.with { connection in
            body(connection)
            connection.endSilentTurn(seconds: turnSeconds)
        }
    }

    func flushTicket() throws(LedgerError) -> Int { try flusher.connectionIdentity() }

    /// A synchronous commit of its own: the log is flushed up to it, and so are all commits before. It has to be on the
    /// connection that was there before them, since a server that came back from a crash may have lost them.
    func flush(_ ticket: Int) throws(LedgerError) {
        var result: Result<Void, LedgerError> = .success(())
        try flusher.with { connection in
            result = Result { () throws(LedgerError) in
                guard connection.identity == ticket else {
                    throw .unreachable("the connection was lost before what was written was on disk")
                }
                try connection.execute("SELECT pg_logical_emit_message(true, 'hera', '')", [])
            }
        }
        try result.get()
    }

    func read<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws(LedgerError) -> Value
    ) async throws(LedgerError) -> Value {
        let reader = readers[turn.next() % readers.count]
        return try await reader.run { (connection) throws(LedgerError) in try connection.readOneState(body) }
    }

    func readBeside<Value>(
        _ body: (any SQLConnection) throws(LedgerError) -> Value
    ) throws(LedgerError) -> Value {
        var result: Result<Value, LedgerError> = .failure(.database("the reader did not run"))
        try roller.with { connection in
            result = Result { () throws(LedgerError) in try connection.readOneState(body) }
        }
        return try result.get()
    }

    func withWriterBeside(_ body: (any SQLConnection) -> Void) throws(LedgerError) {
        try roller.with { body($0) }
    }

    /// A lock that can be had means a dead owner.
    func isPresent(_ owner: String, on connection: any SQLConnection) throws(LedgerError) -> Bool {
        guard let key = Int64(owner) else { return false }
        if owner == self.owner { return true }
        let row = try connection.row(
            "SELECT CASE WHEN pg_try_advisory_lock(?) THEN 1 ELSE 0 END", [.integer(key)])
        guard row?.integer(0) == 1 else { return true }
        _ = try connection.row("SELECT CASE WHEN pg_advisory_unlock(?) THEN 1 ELSE 0 END", [.integer(key)])
        return false
    }

    /// The server's clock: those of the nodes may differ.
    func leaseClock(on connection: any SQLConnection) throws(LedgerError) -> Int64 {
        try connection.row("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)")?.integer(0) ?? 0
    }

    func serverAge(on connection: any SQLConnection) throws(LedgerError) -> Int64? {
        try connection.row(
            "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp() - pg_postmaster_start_time()) * 1000 AS BIGINT)"
        )?.integer(0)
    }

    func announce(_ notices: Set<LedgerNotification>, on connection: any SQLConnection) throws(LedgerError) {
        for notice in notices {
            try connection.post(
                "SELECT pg_notify('\(PostgreSQLListener.channel)', ?)", [.text(notice.description)])
        }
    }

    /// The server tells them, to this node as well.
    func announced(_ notices: Set<LedgerNotification>) {}

    func notices() -> AsyncStream<LedgerNotification> {
        let stream = hub.stream()
        listener.start()
        return stream
    }

    func close() {
        listener.close()
        hub.close()
        // The server would notice a little later that the connection is gone.
        writer.close(saying: "SELECT pg_advisory_unlock_all()")
        flusher.close()
        roller.close()
        for reader in readers { reader.close() }
    }
}

extension PostgreSQLConnection {
    /// Runs queries that all see one state of the database.
    fileprivate func readOneState<Value>(
        _ body: (any SQLConnection) throws(LedgerError) -> Value
    ) throws(LedgerError) -> Value {
        try execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", [])
        do throws(LedgerError) {
            let value = try body(self)
            try execute("COMMIT", [])
            return value
        } catch {
            if isInTransaction { _ = try? execute("ROLLBACK", []) }
            throw error
        }
    }
}

/// Counts, so that readers are used in turn.
private final class Turn: Sendable {
    private let count = Atomic<Int>(0)

    func next() -> Int { count.wrappingAdd(1, ordering: .relaxed).oldValue & .max }
}
