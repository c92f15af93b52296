/// Points at which a test injects faults: before each writing statement, before and after commit and flush, and where a
/// connection is requested. Production code has none.
package struct FaultPoints: Sendable {
    /// Called with the statement or step about to run; may end the process or throw a database error.
    package let reached: @Sendable (String) throws(LedgerError) -> Void

    package init(_ reached: @escaping @Sendable (String) throws(LedgerError) -> Void) { self.reached = reached }
}

/// A connection whose writing statements pass fault points.
struct FaultyConnection: SQLConnection {
    let base: any SQLConnection
    let points: FaultPoints

    var dialect: SQLDialect { base.dialect }
    var identity: Int { base.identity }
    var isInTransaction: Bool { base.isInTransaction }

    @discardableResult
    func execute(_ sql: String, _ arguments: [SQLValue]) throws(LedgerError) -> Int {
        try points.reached(sql)
        let changed = try base.execute(sql, arguments)
        if sql == "COMMIT" { try points.reached("committed") }
        return changed
    }

    func forEachRow(
        _ sql: String, _ arguments: [SQLValue], _ body: (SQLRow) throws(LedgerError) -> Void
    ) throws(LedgerError) {
        if !sql.hasPrefix("SELECT") { try points.reached(sql) }
        try base.forEachRow(sql, arguments, body)
    }

    func enqueue(_ sql: String, _ arguments: [SQLValue]) throws(LedgerError) {
        try points.reached(sql)
        try base.enqueue(sql, arguments)
    }

    func insert(_ rows: [[SQLValue]], _ insertion: SQLInsertion) throws(LedgerError) {
        // Row by row, for a point between any two.
        for row in rows {
            try points.reached(insertion.single)
            try base.insert([row], insertion)
        }
    }

    func results(_ queries: [SQLQuery]) throws(LedgerError) -> [SQLResult] {
        if !queries.allSatisfy({ $0.sql.hasPrefix("SELECT") }) { try points.reached(queries[0].sql) }
        return try base.results(queries)
    }

    func dropEnqueued() { base.dropEnqueued() }
}

/// A database whose writes pass fault points.
struct FaultyDatabase: SQLDatabase {
    let base: any SQLDatabase
    let points: FaultPoints

    var owner: String { base.owner }
    var filePath: String? { base.filePath }
    var keepsUnflushedCommits: Bool { base.keepsUnflushedCommits }

    func withWriter(_ body: (any SQLConnection) -> Void) throws(LedgerError) {
        try points.reached("writer")
        try base.withWriter { body(FaultyConnection(base: $0, points: points)) }
    }

    func flushTicket() throws(LedgerError) -> Int { try base.flushTicket() }

    func flush(_ ticket: Int) throws(LedgerError) {
        try points.reached("flush")
        try base.flush(ticket)
        try points.reached("flushed")
    }

    func read<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws(LedgerError) -> Value
    ) async throws(LedgerError) -> Value {
        try points.reached("reader")
        return try await base.read(body)
    }

    func readConcurrently<Value>(
        _ body: (any SQLConnection) throws(LedgerError) -> Value
    ) throws(LedgerError) -> Value {
        try base.readConcurrently(body)
    }

    func withConcurrentWriter(_ body: (any SQLConnection) -> Void) throws(LedgerError) {
        try base.withConcurrentWriter { body(FaultyConnection(base: $0, points: points)) }
    }

    func isPresent(_ owner: String, on connection: any SQLConnection) throws(LedgerError) -> Bool {
        try base.isPresent(owner, on: connection)
    }

    func leaseClock(on connection: any SQLConnection) throws(LedgerError) -> Int64 {
        try base.leaseClock(on: connection)
    }

    func serverAge(on connection: any SQLConnection) throws(LedgerError) -> Int64? {
        try base.serverAge(on: connection)
    }

    func announce(_ notices: Set<LedgerNotification>, on connection: any SQLConnection) throws(LedgerError) {
        try base.announce(notices, on: connection)
    }

    func announced(_ notices: Set<LedgerNotification>) { base.announced(notices) }

    func notices() -> AsyncStream<LedgerNotification> { base.notices() }

    func close() { base.close() }
}
