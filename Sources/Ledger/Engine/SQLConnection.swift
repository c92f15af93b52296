/// A value as databases keep it.
enum SQLValue: Hashable, Sendable {
    case null
    case integer(Int64)
    case text(String)
    case blob([UInt8])
    /// Many values as one parameter; on PostgreSQL alone.
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

/// What the databases write differently.
enum SQLDialect: Hashable, Sendable {
    case sqlite, postgreSQL

    /// What begins a writing transaction. SQLite takes the lock at once, so that it need not be won half-way. On
    /// PostgreSQL the groups of all nodes take turns by a lock of the ledger's own: no deadlocks, no lost updates, and
    /// a hot budget costs each group one turn and not each call.
    var begin: [String] {
        switch self {
        case .sqlite: ["BEGIN IMMEDIATE"]
        // Whatever the database's default is: each statement has to see what was committed before the turn.
        case .postgreSQL: ["BEGIN ISOLATION LEVEL READ COMMITTED", "SELECT pg_advisory_xact_lock(\(Self.turnLock))"]
        }
    }

    /// The number of the lock by which the nodes on a PostgreSQL database take turns.
    static let turnLock: Int64 = 4_846_524_101

    /// The same for a transaction that `SQLDatabase.flush` puts on disk after its commit, so that the others' turns need
    /// not wait for the disk. (SQLite's writer never waits for it.)
    var beginUnflushed: [String] {
        switch self {
        case .sqlite: begin
        case .postgreSQL: beginBeside + begin.dropFirst()
        }
    }

    /// The same for what no other transaction waits for, beside the turns, and what a crash may take away again.
    var beginBeside: [String] {
        switch self {
        case .sqlite: begin
        case .postgreSQL: ["BEGIN ISOLATION LEVEL READ COMMITTED", "SET LOCAL synchronous_commit = off"]
        }
    }

    /// What a query ends with that locks rows and passes over those that others have locked.
    var skipLocked: String {
        switch self {
        case .sqlite: ""
        case .postgreSQL: " FOR UPDATE SKIP LOCKED"
        }
    }
}

/// A connection that runs statements one after the other. Parameters are written `?` in every dialect.
///
/// The ledger's operations are written once, over this; SQLite and PostgreSQL differ below it.
protocol SQLConnection {
    var dialect: SQLDialect { get }
    /// Another number for another connection: what was known of an earlier one's transactions may be lost with it.
    var identity: Int { get }
    /// Runs a statement and returns how many rows it changed.
    @discardableResult
    func execute(_ sql: String, _ arguments: [SQLValue]) throws(LedgerError) -> Int
    /// Runs a query and hands out its rows one by one.
    func forEachRow(
        _ sql: String, _ arguments: [SQLValue], _ body: (SQLRow) throws(LedgerError) -> Void
    ) throws(LedgerError)
    /// Runs a statement whose result nobody needs, now or together with the next one that answers. Where it fails then,
    /// the error is a `conflict`: which operation it belonged to cannot be told, so the whole transaction is to be
    /// undone and run again.
    func post(_ sql: String, _ arguments: [SQLValue]) throws(LedgerError)
    /// Writes rows into a table, as `post` does.
    func insert(_ rows: [[SQLValue]], _ insertion: SQLInsertion) throws(LedgerError)
    /// Runs some queries and changing statements, in one turn where the database allows it.
    func results(_ queries: [SQLQuery]) throws(LedgerError) -> [SQLResult]
    /// Forgets what was posted and not run, since the transaction is given up.
    func dropPosted()
    /// Whether a transaction is open; a database ends it by itself after some failures (a full disk).
    var isInTransaction: Bool { get }
}

/// A statement with its arguments.
struct SQLQuery {
    let sql: String
    let arguments: [SQLValue]

    init(_ sql: String, _ arguments: [SQLValue]) {
        self.sql = sql
        self.arguments = arguments
    }
}

/// What a statement gave: rows, or the number of rows that it changed.
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
    /// Lets a body use the writing connection; blocks the calling thread, so never to be called from a task.
    func withWriter(_ body: (any SQLConnection) -> Void) throws(LedgerError)
    /// To be asked before a transaction that is to be flushed later.
    func flushTicket() throws(LedgerError) -> Int
    /// Returns when everything is on disk that was committed on `withWriter` after the ticket was given; blocks the
    /// calling thread. Throws where that cannot be said.
    func flush(_ ticket: Int) throws(LedgerError)
    /// Reads on a connection of its own, off the cooperative threads, from one state of the database.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws(LedgerError) -> Value
    ) async throws(LedgerError) -> Value
    /// Lets a body read one state of the database, beside the writer where that is possible; blocks the calling thread.
    func readBeside<Value>(
        _ body: (any SQLConnection) throws(LedgerError) -> Value
    ) throws(LedgerError) -> Value
    /// Lets a body write what is derived from committed rows, beside the writer where that is possible; blocks the
    /// calling thread.
    func withWriterBeside(_ body: (any SQLConnection) -> Void) throws(LedgerError)
    /// This running store, as reservations name it.
    var owner: String { get }
    /// Whether the database knows the store of that name to be connected; to be asked on the writer's connection.
    func isPresent(_ owner: String, on connection: any SQLConnection) throws(LedgerError) -> Bool
    /// Milliseconds of a clock that all stores of this database share.
    func leaseClock(on connection: any SQLConnection) throws(LedgerError) -> Int64
    /// How long the server has been running, in milliseconds; nil where stores do not lose their presence with it.
    func serverAge(on connection: any SQLConnection) throws(LedgerError) -> Int64?
    /// Sends the notices of a transaction with it; they arrive once it is committed.
    func announce(_ notices: Set<LedgerNotification>, on connection: any SQLConnection) throws(LedgerError)
    /// The transaction with these notices is committed.
    func announced(_ notices: Set<LedgerNotification>)
    /// Notices of this store, and of others where the database passes them on.
    func notices() -> AsyncStream<LedgerNotification>
    func close()
}

extension SQLDatabase {
    func readBeside<Value>(
        _ body: (any SQLConnection) throws(LedgerError) -> Value
    ) throws(LedgerError) -> Value {
        var result: Result<Value, LedgerError> = .failure(.database("the reader did not run"))
        try withWriter { connection in
            result = Result { () throws(LedgerError) in try body(connection) }
        }
        return try result.get()
    }

    func withWriterBeside(_ body: (any SQLConnection) -> Void) throws(LedgerError) { try withWriter(body) }
}
