/// A value of a column or parameter.
enum SQLValue: Hashable, Sendable {
    case null
    case integer(Int64)
    case text(String)
    case blob([UInt8])
    /// Many values as one parameter; PostgreSQL only.
    case array(SQLArray)
    case rows(SQLRows)

    static func integer(_ number: Int?) -> SQLValue { number.map { .integer(Int64($0)) } ?? .null }
    static func optional(_ text: String?) -> SQLValue { text.map { .text($0) } ?? .null }
    static func optional(_ bytes: [UInt8]?) -> SQLValue { bytes.map { .blob($0) } ?? .null }
}

/// A row of a result, read by position.
struct SQLRow {
    let values: [SQLValue]

    subscript(index: Int) -> SQLValue { values[index] }

    /// An integer; zero for null.
    func integer(_ index: Int) -> Int64 {
        if case .integer(let number) = values[index] { return number }
        return 0
    }

    func optionalInteger(_ index: Int) -> Int64? {
        if case .integer(let number) = values[index] { return number }
        return nil
    }

    /// A text; empty for null.
    func text(_ index: Int) -> String { optionalText(index) ?? "" }

    func optionalText(_ index: Int) -> String? {
        if case .text(let text) = values[index] { return text }
        return nil
    }

    /// Bytes; empty for null.
    func blob(_ index: Int) -> [UInt8] { optionalBlob(index) ?? [] }

    func optionalBlob(_ index: Int) -> [UInt8]? {
        if case .blob(let bytes) = values[index] { return bytes }
        return nil
    }
}

/// The SQL dialect of a database.
enum SQLDialect: Hashable, Sendable {
    case sqlite, postgreSQL

    /// Statements that begin a writing transaction.
    ///
    /// SQLite acquires its write lock at once instead of upgrading later. On PostgreSQL the nodes take turns by an
    /// advisory lock: no deadlocks, no lost updates, and a hot budget costs one turn per group instead of one per call.
    var begin: [String] {
        switch self {
        case .sqlite: ["BEGIN IMMEDIATE"]
        // Overrides the database's default: each statement has to see what was committed before the turn.
        case .postgreSQL: ["BEGIN ISOLATION LEVEL READ COMMITTED", "SELECT pg_advisory_xact_lock(\(Self.turnLock))"]
        }
    }

    /// The advisory lock by which the nodes on a PostgreSQL database take turns.
    static let turnLock: Int64 = 4_846_524_101

    /// Begins a transaction that `SQLDatabase.flush` makes durable after its commit, so that no turn waits for the
    /// disk. SQLite's writer never waits for it.
    var beginUnflushed: [String] {
        switch self {
        case .sqlite: begin
        case .postgreSQL: beginConcurrent + begin.dropFirst()
        }
    }

    /// Begins a transaction outside of the turns for derived rows, which a crash may lose.
    var beginConcurrent: [String] {
        switch self {
        case .sqlite: begin
        case .postgreSQL: ["BEGIN ISOLATION LEVEL READ COMMITTED", "SET LOCAL synchronous_commit = off"]
        }
    }

    /// The end of a query that locks rows and skips those that others have locked.
    var skipLocked: String {
        switch self {
        case .sqlite: ""
        case .postgreSQL: " FOR UPDATE SKIP LOCKED"
        }
    }
}

/// A connection that runs statements one after the other. Parameters are written `?` in every dialect.
///
/// The ledger's operations are written once on this protocol; SQLite and PostgreSQL differ below it.
protocol SQLConnection {
    var dialect: SQLDialect { get }
    /// Differs from connection to connection: cached state of an earlier connection may be lost with it.
    var identity: Int { get }
    /// Runs a statement and returns how many rows it changed.
    @discardableResult
    func execute(_ sql: String, _ arguments: [SQLValue]) throws(LedgerError) -> Int
    /// Runs a query and passes its rows to a body one by one.
    func forEachRow(
        _ sql: String, _ arguments: [SQLValue], _ body: (SQLRow) throws(LedgerError) -> Void
    ) throws(LedgerError)
    /// Enqueues a statement without a result, to be sent with the next query (pipelined); SQLite runs it at once.
    ///
    /// A failure is reported as `conflict` by that query. The operation at fault is unknown, so the whole transaction
    /// is rolled back and run again.
    func enqueue(_ sql: String, _ arguments: [SQLValue]) throws(LedgerError)
    /// Inserts rows into a table, enqueued as by `enqueue`.
    func insert(_ rows: [[SQLValue]], _ insertion: SQLInsertion) throws(LedgerError)
    /// Runs queries and changing statements, in one round trip where the database allows it.
    func results(_ queries: [SQLQuery]) throws(LedgerError) -> [SQLResult]
    /// Drops enqueued statements, since the transaction is rolled back.
    func dropEnqueued()
    /// Whether a transaction is open; the database ends it after some failures (a full disk).
    var isInTransaction: Bool { get }
}

/// A statement with its arguments.
struct SQLQuery: Sendable {
    let sql: String
    let arguments: [SQLValue]

    init(_ sql: String, _ arguments: [SQLValue]) {
        self.sql = sql
        self.arguments = arguments
    }
}

/// The result of a statement: rows, or the number of rows that it changed.
struct SQLResult {
    let rows: [SQLRow]
    let changed: Int
}

extension SQLConnection {
    /// All rows of a query.
    func rows(_ sql: String, _ arguments: [SQLValue]) throws(LedgerError) -> [SQLRow] {
        var rows: [SQLRow] = []
        try forEachRow(sql, arguments) { (row) throws(LedgerError) in rows.append(row) }
        return rows
    }

    /// The first row of a query.
    func row(_ sql: String, _ arguments: [SQLValue] = []) throws(LedgerError) -> SQLRow? {
        try rows(sql, arguments).first
    }
}

/// A database with one writer and any number of readers.
protocol SQLDatabase: Sendable {
    /// Runs a body on the writing connection. Blocks the calling thread, so it must not be called from a task.
    func withWriter(_ body: (any SQLConnection) -> Void) throws(LedgerError)
    /// Returns a ticket for `flush`; requested before the transaction.
    func flushTicket() throws(LedgerError) -> Int
    /// Returns when all commits on `withWriter` since the ticket are on disk, and throws where that is unknown. Blocks
    /// the calling thread.
    func flush(_ ticket: Int) throws(LedgerError)
    /// Whether a commit outlives the processes that made it before it is flushed, as long as the machine runs.
    var keepsUnflushedCommits: Bool { get }
    /// Reads one snapshot on a reader's connection, off the cooperative threads.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws(LedgerError) -> Value
    ) async throws(LedgerError) -> Value
    /// Reads one snapshot concurrently with the writer where possible. Blocks the calling thread.
    func readConcurrently<Value>(
        _ body: (any SQLConnection) throws(LedgerError) -> Value
    ) throws(LedgerError) -> Value
    /// Writes rows derived from committed ones, concurrently with the writer where possible. Blocks the calling thread.
    func withConcurrentWriter(_ body: (any SQLConnection) -> Void) throws(LedgerError)
    /// Names this running store in reservations and leases.
    var owner: String { get }
    /// Whether the store of that name is connected; asked on the writer's connection.
    func isPresent(_ owner: String, on connection: any SQLConnection) throws(LedgerError) -> Bool
    /// Milliseconds of a clock that all stores of the database share.
    func leaseClock(on connection: any SQLConnection) throws(LedgerError) -> Int64
    /// The server's uptime in milliseconds; nil where stores keep their presence across a restart.
    func serverAge(on connection: any SQLConnection) throws(LedgerError) -> Int64?
    /// Sends a transaction's notifications with it; they are delivered once it is committed.
    func announce(_ notices: Set<LedgerNotification>, on connection: any SQLConnection) throws(LedgerError)
    /// Publishes notifications of a committed transaction within the process.
    func announced(_ notices: Set<LedgerNotification>)
    /// Notifications of this store, and of others where the database delivers them.
    func notices() -> AsyncStream<LedgerNotification>
    /// The file of the database; nil where it is on a server.
    var filePath: String? { get }
    func close()
}

extension SQLDatabase {
    var filePath: String? { nil }
    /// A database server that dies takes its unflushed commits with it.
    var keepsUnflushedCommits: Bool { false }

    func readConcurrently<Value>(
        _ body: (any SQLConnection) throws(LedgerError) -> Value
    ) throws(LedgerError) -> Value {
        var result: Result<Value, LedgerError> = .failure(.database("the reader did not run"))
        try withWriter { connection in
            result = Result { () throws(LedgerError) in try body(connection) }
        }
        return try result.get()
    }

    func withConcurrentWriter(_ body: (any SQLConnection) -> Void) throws(LedgerError) { try withWriter(body) }
}
