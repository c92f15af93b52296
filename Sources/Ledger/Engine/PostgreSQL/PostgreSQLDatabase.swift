import Dispatch
import Synchronization

/// A PostgreSQL database: one writing connection, which also proves that this store is alive, and a few readers.
struct PostgreSQLDatabase: SQLDatabase {
    let owner: String
    private let writer: PostgreSQLWorker
    /// Flushes commits to disk. As long as its connection lasts, no server crash can have lost the writer's commits.
    private let flusher: PostgreSQLWorker
    private let readers: [PostgreSQLWorker]
    /// Reads and writes roll-ups outside of the turns.
    private let roller: PostgreSQLWorker
    private let turn = Turn()
    private let hub = NotificationHub()
    private let listener: PostgreSQLListener

    private static let readerCount = 4
    /// After waiting so long for a turn, a node checks its holder.
    private let turnSeconds: Double

    /// Connects and brings the tables up to date.
    ///
    /// - Parameter turnSeconds: a node that is silent for so long within a turn may lose it to those that wait.
    init(
        url: String, migrations: [LedgerMigration] = LedgerMigration.all, turnSeconds: Double = 5
    ) throws(LedgerError) {
        self.turnSeconds = turnSeconds
        let key = Int64.random(in: 1 ... .max)
        owner = String(key)
        // A session lock: the server releases it when the process ends in any way. The writer's plans are made once,
        // maybe on empty tables, where a sequential scan would win and stay.
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

    /// Makes a synchronous commit, which flushes the log with all commits before it. Its connection has to be older
    /// than these commits, since a server that came back from a crash may have lost them.
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

    func readConcurrently<Value>(
        _ body: (any SQLConnection) throws(LedgerError) -> Value
    ) throws(LedgerError) -> Value {
        var result: Result<Value, LedgerError> = .failure(.database("the reader did not run"))
        try roller.with { connection in
            result = Result { () throws(LedgerError) in try connection.readOneState(body) }
        }
        return try result.get()
    }

    func withConcurrentWriter(_ body: (any SQLConnection) -> Void) throws(LedgerError) {
        try roller.with { body($0) }
    }

    /// A lock that can be acquired means a dead owner.
    func isPresent(_ owner: String, on connection: any SQLConnection) throws(LedgerError) -> Bool {
        guard let key = Int64(owner) else { return false }
        if owner == self.owner { return true }
        let row = try connection.row(
            "SELECT CASE WHEN pg_try_advisory_lock(?) THEN 1 ELSE 0 END", [.integer(key)])
        guard row?.integer(0) == 1 else { return true }
        _ = try connection.row("SELECT CASE WHEN pg_advisory_unlock(?) THEN 1 ELSE 0 END", [.integer(key)])
        return false
    }

    /// The server's clock, since those of the nodes may differ.
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
            try connection.enqueue(
                "SELECT pg_notify('\(PostgreSQLListener.channel)', ?)", [.text(notice.description)])
        }
    }

    /// The server notifies all nodes, this one included.
    func announced(_ notices: Set<LedgerNotification>) {}

    func notices() -> AsyncStream<LedgerNotification> {
        let stream = hub.stream()
        listener.start()
        return stream
    }

    func close() {
        listener.close()
        hub.close()
        // Releases the locks at once; the server would notice the closed connection a little later.
        writer.close(saying: "SELECT pg_advisory_unlock_all()")
        flusher.close()
        roller.close()
        for reader in readers { reader.close() }
    }
}

extension PostgreSQLConnection {
    /// Runs queries that all see one snapshot.
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

/// Counts up, to use the readers round-robin.
private final class Turn: Sendable {
    private let count = Atomic<Int>(0)

    func next() -> Int { count.wrappingAdd(1, ordering: .relaxed).oldValue & .max }
}
