import Dispatch
import Synchronization

/// A PostgreSQL database: one writing connection, which also shows that this store is alive, and a few for reading.
struct PostgreSQLDatabase: SQLDatabase {
    let owner: String
    private let url: String
    private let writer: PostgreSQLLane
    /// Waits for the disk. As long as its connection lasts, no crash can have taken what the writer committed.
    private let flusher: PostgreSQLLane
    private let readers: [PostgreSQLLane]
    /// Reads and writes roll-ups, beside the turns.
    private let roller: PostgreSQLLane
    private let turn = Turn()
    private let hub = NoticeHub()
    private let listener: PostgreSQLListener

    private static let readerCount = 4

    /// Connects and brings the tables up to date.
    init(url: String, migrations: [LedgerMigration] = LedgerMigration.all) throws(LedgerError) {
        self.url = url
        let key = Int64.random(in: 1 ... .max)
        owner = String(key)
        // The lock is the session's: the server gives it back when the process ends, however it ends.
        // The writer looks up single rows by plans that are made once, maybe when the tables were still empty: then
        // reading them whole would seem best, and the plan would stay.
        let plans =
            "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off; "
            + "SET plan_cache_mode = force_generic_plan"
        writer = PostgreSQLLane(
            url: url, name: "writer", greeting: "\(plans); SELECT pg_advisory_lock(\(key))",
            insertions: [
                LedgerSession.reservationInsertion, LedgerSession.entryInsertion, LedgerSession.decisionInsertion,
                LedgerSession.stepInsertion,
            ])
        roller = PostgreSQLLane(
            url: url, name: "roller", greeting: plans, insertions: [LedgerSession.rollupInsertion])
        flusher = PostgreSQLLane(url: url, name: "flusher", greeting: "SET plan_cache_mode = force_generic_plan")
        readers = (0..<Self.readerCount).map { number in
            PostgreSQLLane(
                url: url, name: "reader \(number)", greeting: "SET plan_cache_mode = force_custom_plan")
        }
        listener = PostgreSQLListener(url: url, hub: hub)
        var result: Result<Void, LedgerError> = .success(())
        try writer.with { connection in
            result = Result { () throws(LedgerError) in try Self.migrate(connection, migrations) }
        }
        try result.get()
    }

    private static func migrate(
        _ connection: PostgreSQLConnection, _ migrations: [LedgerMigration]
    ) throws(LedgerError) {
        try connection.script("CREATE TABLE IF NOT EXISTS hera_migration (name TEXT PRIMARY KEY)")
        do throws(LedgerError) {
            for statement in connection.dialect.begin { try connection.execute(statement, []) }
            let applied = try connection.rows("SELECT name FROM hera_migration", []).map { $0.text(0) }
            let unknown = Set(applied).subtracting(migrations.map(\.name))
            guard unknown.isEmpty else {
                throw .newerVersion(database: "the database", migrations: unknown.sorted())
            }
            for migration in migrations where !applied.contains(migration.name) {
                for statement in migration.statements(in: .postgreSQL) { try connection.script(statement) }
                try connection.execute("INSERT INTO hera_migration VALUES (?)", [.text(migration.name)])
            }
            try connection.script(appendOnly)
            try connection.execute("COMMIT", [])
        } catch {
            if connection.isInTransaction { _ = try? connection.execute("ROLLBACK", []) }
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

    func withWriter(_ body: (any SQLConnection) -> Void) throws(LedgerError) {
        try writer.with { body($0) }
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

    func announce(_ notices: Set<LedgerNotice>, on connection: any SQLConnection) throws(LedgerError) {
        for notice in notices {
            try connection.post(
                "SELECT pg_notify('\(PostgreSQLListener.channel)', ?)", [.text(notice.description)])
        }
    }

    /// The server tells them, to this node as well.
    func announced(_ notices: Set<LedgerNotice>) {}

    func notices() -> AsyncStream<LedgerNotice> {
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

/// A connection and the queue that uses it; it connects when it is first used, and again when it was lost.
final class PostgreSQLLane: Sendable {
    private let url: String
    private let queue: DispatchQueue
    /// What is run on every new connection.
    private let greeting: String
    /// What is inserted on it all the time.
    private let insertions: [SQLInsertion]
    /// Only used on the queue.
    private let connection = Mutex<Slot>(Slot())
    /// That of the connection, or 0 where there is none.
    private let identity = Atomic<Int>(0)

    /// A class reference that a lock guards.
    private struct Slot: ~Copyable {
        var connection: PostgreSQLConnection?
    }

    /// A server that restarts is waited for.
    private static let connectAttempts = 20
    private static let secondsBetween = 0.25

    init(url: String, name: String, greeting: String, insertions: [SQLInsertion] = []) {
        self.url = url
        self.greeting = greeting
        self.insertions = insertions
        queue = DispatchQueue(label: "hera.ledger.\(name)")
    }

    /// The number of the connection, which is made where there is none; does not wait for work that is under way on it.
    func connectionIdentity() throws(LedgerError) -> Int {
        let identity = self.identity.load(ordering: .acquiring)
        if identity != 0 { return identity }
        var found = 0
        try with { found = $0.identity }
        return found
    }

    /// Blocks the calling thread until the body has run.
    func with(_ body: (PostgreSQLConnection) -> Void) throws(LedgerError) {
        var result: Result<Void, LedgerError> = .success(())
        queue.sync {
            result = Result { () throws(LedgerError) in
                try connection.withLock { (slot) throws(LedgerError) in body(try connected(&slot)) }
            }
        }
        try result.get()
    }

    /// Runs a body on the queue and waits without blocking a thread.
    func run<Value: Sendable>(
        _ body: @escaping @Sendable (PostgreSQLConnection) throws(LedgerError) -> Value
    ) async throws(LedgerError) -> Value {
        let result = await withCheckedContinuation {
            (continuation: CheckedContinuation<Result<Value, LedgerError>, Never>) in
            queue.async {
                continuation.resume(
                    returning: Result { () throws(LedgerError) in
                        try self.connection.withLock { (slot) throws(LedgerError) in
                            try body(try self.connected(&slot))
                        }
                    })
            }
        }
        return try result.get()
    }

    /// Ends the connection, with a last statement where one is given and the server is there.
    func close(saying statement: String? = nil) {
        queue.sync {
            connection.withLock { slot in
                if let statement, let connection = slot.connection, connection.isUsable {
                    try? connection.script(statement)
                }
                slot.connection = nil
            }
        }
    }

    private func connected(_ slot: inout Slot) throws(LedgerError) -> PostgreSQLConnection {
        if let connection = slot.connection, connection.isUsable { return connection }
        let wasConnected = slot.connection != nil
        slot.connection = nil
        identity.store(0, ordering: .releasing)
        var attempts = 0
        while true {
            do throws(LedgerError) {
                let connection = try PostgreSQLConnection(url: url)
                try connection.script(greeting)
                try connection.makeRowTypes(for: insertions)
                slot.connection = connection
                identity.store(connection.identity, ordering: .releasing)
                return connection
            } catch {
                attempts += 1
                // The first connection tells at once that the address is wrong.
                guard wasConnected, attempts < Self.connectAttempts else { throw error }
                sleep(Self.secondsBetween)
            }
        }
    }

    private func sleep(_ seconds: Double) {
        let waiting = DispatchSemaphore(value: 0)
        _ = waiting.wait(timeout: .now() + seconds)
    }
}
