import CPostgres
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A connection through libpq, used by one queue at a time. Statements are prepared once each; integers and bytes
/// travel in binary.
final class PostgreSQLConnection: SQLConnection {
    let handle: OpaquePointer
    /// Names of prepared statements by their text.
    private var prepared: [String: String] = [:]
    /// Row types created in this session, by name.
    private var rowTypes: [String: SQLRowType] = [:]
    /// Enqueued statements, sent with the next query.
    private var enqueued: [SQLQuery] = []

    var dialect: SQLDialect { .postgreSQL }

    let identity = PostgreSQLConnection.made.add(1, ordering: .relaxed).newValue
    private static let made = Atomic<Int>(0)

    var isInTransaction: Bool {
        // If no transaction is open, the enqueued statements begin with BEGIN.
        if !enqueued.isEmpty { return true }
        return switch PQtransactionStatus(handle) {
        case PQTRANS_INTRANS, PQTRANS_INERROR: true
        default: false
        }
    }

    /// libpq reported a broken connection, which its status may not show yet.
    private var isBroken = false

    /// The last lock request exceeded `lock_timeout`: another node has held the lock.
    var hasWaitedInVain = false

    /// Whether the connection can still be used.
    var isUsable: Bool { !isBroken && PQstatus(handle) == CONNECTION_OK }

    /// Defaults that an address may override. Without them a call to a server whose machine or network is down would
    /// block for a quarter of an hour.
    private static let defaults = [
        "application_name": "hera", "connect_timeout": "5", "tcp_user_timeout": "15000", "keepalives_idle": "10",
        "keepalives_interval": "5", "keepalives_count": "2",
    ]

    /// Connects; throws `unreachable` with the server's message.
    init(url: String) throws(LedgerError) {
        // The address comes last, so that its parameters win.
        let settings = Self.defaults.sorted { $0.key < $1.key } + [(key: "dbname", value: url)]
        let texts = settings.map { (strdup($0.key), strdup($0.value)) }
        defer {
            for (key, value) in texts {
                free(key)
                free(value)
            }
        }
        let (keys, values) = (texts.map { UnsafePointer($0.0) } + [nil], texts.map { UnsafePointer($0.1) } + [nil])
        guard let handle = PQconnectdbParams(keys, values, 1) else { throw .unreachable("out of memory") }
        guard PQstatus(handle) == CONNECTION_OK else {
            let detail = Self.trimmed(PQerrorMessage(handle))
            PQfinish(handle)
            throw .unreachable(detail)
        }
        self.handle = handle
        // Keeps notices (a table exists already) off standard error.
        PQsetNoticeProcessor(handle, { _, _ in }, nil)
    }

    deinit { PQfinish(handle) }

    func enqueue(_ sql: String, _ arguments: [SQLValue]) { enqueued.append(SQLQuery(sql, arguments)) }

    func insert(_ rows: [[SQLValue]], _ insertion: SQLInsertion) {
        if rows.isEmpty { return }
        let type = rowTypes[insertion.rowTypeName]
        enqueued.append(type.map { insertion.rows(rows, as: $0) } ?? insertion.together(rows))
    }

    /// Creates the session's row types for frequent insertions. Without the right to create temporary types, rows are
    /// inserted column by column, which is slower.
    func makeRowTypes(for insertions: [SQLInsertion]) throws(LedgerError) {
        let mayMake = try row("SELECT has_database_privilege(current_database(), 'TEMP')")?.integer(0) == 1
        for insertion in insertions where mayMake {
            try script(insertion.makeRowType)
            let row = try row(
                "SELECT CAST(oid AS BIGINT), CAST(typarray AS BIGINT) FROM pg_type "
                    + "WHERE oid = CAST(CAST(? AS TEXT) AS regtype)", [.text("pg_temp.\(insertion.rowTypeName)")])
            guard let row, let element = Int32(exactly: row.integer(0)), let array = UInt32(exactly: row.integer(1))
            else { continue }
            rowTypes[insertion.rowTypeName] = SQLRowType(
                name: "pg_temp.\(insertion.rowTypeName)", element: element, array: array)
        }
    }

    func dropEnqueued() { enqueued.removeAll() }

    @discardableResult
    func execute(_ sql: String, _ arguments: [SQLValue]) throws(LedgerError) -> Int {
        try results([SQLQuery(sql, arguments)]).first?.changed ?? 0
    }

    func forEachRow(
        _ sql: String, _ arguments: [SQLValue], _ body: (SQLRow) throws(LedgerError) -> Void
    ) throws(LedgerError) {
        for row in try results([SQLQuery(sql, arguments)]).first?.rows ?? [] { try body(row) }
    }

    /// Sends the enqueued statements and the queries in one round trip (libpq's pipeline mode).
    func results(_ queries: [SQLQuery]) throws(LedgerError) -> [SQLResult] {
        let enqueuedCount = enqueued.count
        let count = try send(queries)
        guard PQpipelineSync(handle) == 1 else { throw broken() }
        var results: [SQLResult] = []
        var fault: LedgerError?
        for index in 0..<count {
            let result = PQgetResult(handle)
            defer { PQclear(result) }
            switch PQresultStatus(result) {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK:
                if index >= enqueuedCount { results.append(Self.read(result)) }
            default:
                if fault == nil {
                    let error = failure(of: result)
                    let isOfAll = index < enqueuedCount && isUsable && !error.isPassing
                    fault = isOfAll ? .conflict(error.description) : error
                }
            }
            // A null result ends each statement.
            PQclear(PQgetResult(handle))
        }
        // The result of the synchronisation itself.
        PQclear(PQgetResult(handle))
        // The remaining results will never come: the connection was lost.
        if PQexitPipelineMode(handle) != 1 { fault = broken() }
        if let fault { throw fault }
        return results
    }

    /// Begins a pipeline with the enqueued statements and some queries; returns their number. The server starts at
    /// once.
    func send(_ queries: [SQLQuery]) throws(LedgerError) -> Int {
        let all = enqueued + queries
        enqueued.removeAll(keepingCapacity: true)
        for query in all { try prepare(query) }
        guard PQenterPipelineMode(handle) == 1 else { throw broken() }
        for query in all where !send(query) { throw broken() }
        return all.count
    }

    private static func read(_ result: OpaquePointer?) -> SQLResult {
        let columns = PQnfields(result)
        let rows = (0..<PQntuples(result)).map { row in
            SQLRow(values: (0..<columns).map { value(of: result, row, $0) })
        }
        return SQLResult(rows: rows, changed: Int(String(cString: PQcmdTuples(result))) ?? 0)
    }

    /// Runs several statements at once, without parameters.
    func script(_ sql: String) throws(LedgerError) {
        let result = PQexec(handle, sql)
        defer { PQclear(result) }
        try check(result)
    }

    /// Queues a prepared statement; false where libpq refuses.
    private func send(_ query: SQLQuery) -> Bool {
        var bytes: [UInt8] = []
        var ranges: [(offset: Int, count: Int)?] = []
        for argument in query.arguments { ranges.append(Self.append(argument, to: &bytes)) }
        let formats: [Int32] = query.arguments.map { if case .text = $0 { 0 } else { 1 } }
        let lengths = ranges.map { Int32($0?.count ?? 0) }
        return bytes.withUnsafeBytes { buffer in
            let base = buffer.bindMemory(to: CChar.self).baseAddress
            let pointers = ranges.map { range -> UnsafePointer<CChar>? in
                guard let base, let range else { return nil }
                return base + range.offset
            }
            let name = prepared[query.sql]
            return PQsendQueryPrepared(
                handle, name, Int32(ranges.count), pointers, lengths, formats, 1) == 1
        }
    }

    /// Declares the types of the values at hand; the server infers those of nulls.
    private func prepare(_ query: SQLQuery) throws(LedgerError) {
        if prepared[query.sql] != nil { return }
        let name = "s\(prepared.count)"
        let types: [Oid] = query.arguments.map { argument in
            switch argument {
            case .null: 0
            case .integer: Self.int8
            case .text: Self.text
            case .blob: Self.bytea
            case .array(let array): array.type.array
            case .rows(let rows): rows.type.array
            }
        }
        let result = PQprepare(handle, name, Self.numbered(query.sql), Int32(types.count), types)
        defer { PQclear(result) }
        try check(result)
        prepared[query.sql] = name
    }

    /// `?, ?` becomes `$1, $2`.
    private static func numbered(_ sql: String) -> String {
        var number = 0
        return sql.split(separator: "?", omittingEmptySubsequences: false).reduce(into: "") { text, part in
            if number > 0 { text += "$\(number)" }
            text += part
            number += 1
        }
    }

    // Object ids of pg_type.
    private static let bytea: Oid = 17
    private static let int8: Oid = 20
    private static let int4: Oid = 23
    private static let text: Oid = 25

    /// The position of a value's bytes; nil for null. Texts end with a zero.
    private static func append(_ value: SQLValue, to bytes: inout [UInt8]) -> (offset: Int, count: Int)? {
        let offset = bytes.count
        switch value {
        case .null: return nil
        case .integer(let number): withUnsafeBytes(of: number.bigEndian) { bytes += $0 }
        case .text(let text):
            bytes += text.utf8
            bytes.append(0)
        case .array(let array): array.write(to: &bytes)
        case .rows(let rows): rows.write(to: &bytes)
        // A trailing zero keeps the position of empty bytes inside the buffer.
        case .blob(let blob):
            bytes += blob + [0]
            return (offset, blob.count)
        }
        return (offset, bytes.count - offset)
    }

    private static func value(of result: OpaquePointer?, _ row: Int32, _ column: Int32) -> SQLValue {
        guard PQgetisnull(result, row, column) == 0, let bytes = PQgetvalue(result, row, column) else {
            return .null
        }
        let buffer = UnsafeRawBufferPointer(start: bytes, count: Int(PQgetlength(result, row, column)))
        switch PQftype(result, column) {
        case int8 where buffer.count == 8: return .integer(Int64(bigEndian: buffer.loadUnaligned(as: Int64.self)))
        case int4 where buffer.count == 4:
            return .integer(Int64(Int32(bigEndian: buffer.loadUnaligned(as: Int32.self))))
        case 16: return .integer(buffer.first == 1 ? 1 : 0)
        case bytea: return .blob(Array(buffer))
        default: return .text(String(decoding: buffer, as: UTF8.self))
        }
    }

    private func check(_ result: OpaquePointer?) throws(LedgerError) {
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK: return
        default: throw failure(of: result)
        }
    }

    /// Marks the connection as broken; the next use connects again.
    private func broken() -> LedgerError {
        isBroken = true
        return failure(of: nil)
    }

    /// The error of a result by its SQLSTATE. The server's errors have one, libpq's own have none.
    private func failure(of result: OpaquePointer?) -> LedgerError {
        let own = result.map { Self.trimmed(PQresultErrorMessage($0)) } ?? ""
        let detail = own.isEmpty ? Self.trimmed(PQerrorMessage(handle)) : own
        let state = PQresultErrorField(result, Int32(UInt8(ascii: "C"))).map { String(cString: $0) } ?? ""
        if state.isEmpty, PQresultStatus(result) != PGRES_PIPELINE_ABORTED { isBroken = true }
        guard isUsable else { return .unreachable(detail) }
        if state == "55P03" { hasWaitedInVain = true }
        return switch state {
        case "40001", "40P01": .conflict(detail)
        case "55P03": .conflict("another node has the turn for long")
        case "22003": .overflow(detail)
        case "53100": .diskFull(database: "the PostgreSQL server")
        case "25006": .readOnly(database: "the PostgreSQL database", detail: detail)
        case "57P01", "57P02", "57P03": .unreachable(detail)
        default: .database(detail)
        }
    }

    private static func trimmed(_ message: UnsafePointer<CChar>?) -> String {
        guard let message else { return "no reason given" }
        var text = String(cString: message)
        while text.last?.isWhitespace == true { text.removeLast() }
        return text.split(separator: "\n").joined(separator: "; ")
    }
}
