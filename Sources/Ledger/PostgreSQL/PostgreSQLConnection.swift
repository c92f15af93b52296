#if canImport(CPostgres)
    import CPostgres

    /// A connection through libpq, used by one queue at a time. Statements are prepared once each; integers and bytes
    /// travel in binary.
    final class PostgreSQLConnection: SQLConnection {
        private let handle: OpaquePointer
        /// Names of prepared statements by their text.
        private var prepared: [String: String] = [:]

        var dialect: SQLDialect { .postgreSQL }

        var isInTransaction: Bool {
            switch PQtransactionStatus(handle) {
            case PQTRANS_INTRANS, PQTRANS_INERROR: true
            default: false
            }
        }

        /// Whether the connection can still be used.
        var isUsable: Bool { PQstatus(handle) == CONNECTION_OK }

        /// Connects; throws `unreachable` with the server's words.
        init(url: String) throws(LedgerError) {
            guard let handle = PQconnectdb(url) else { throw .unreachable("out of memory") }
            guard PQstatus(handle) == CONNECTION_OK else {
                let detail = Self.trimmed(PQerrorMessage(handle))
                PQfinish(handle)
                throw .unreachable(detail)
            }
            self.handle = handle
            // Notices (a table exists already) are nothing for standard error.
            PQsetNoticeProcessor(handle, { _, _ in }, nil)
        }

        deinit { PQfinish(handle) }

        @discardableResult
        func execute(_ sql: String, _ arguments: [SQLValue]) throws(LedgerError) -> Int {
            let result = try run(sql, arguments)
            defer { PQclear(result) }
            return Int(String(cString: PQcmdTuples(result))) ?? 0
        }

        func forEachRow(
            _ sql: String, _ arguments: [SQLValue], _ body: (SQLRow) throws(LedgerError) -> Void
        ) throws(LedgerError) {
            let result = try run(sql, arguments)
            defer { PQclear(result) }
            let columns = PQnfields(result)
            for row in 0..<PQntuples(result) {
                var values: [SQLValue] = []
                values.reserveCapacity(Int(columns))
                for column in 0..<columns { values.append(Self.value(of: result, row, column)) }
                try body(SQLRow(values: values))
            }
        }

        /// Runs several statements at once, without parameters.
        func script(_ sql: String) throws(LedgerError) {
            let result = PQexec(handle, sql)
            defer { PQclear(result) }
            try check(result)
        }

        private func run(_ sql: String, _ arguments: [SQLValue]) throws(LedgerError) -> OpaquePointer? {
            let name = try prepare(sql, arguments)
            var bytes: [UInt8] = []
            var ranges: [(offset: Int, count: Int)?] = []
            for argument in arguments { ranges.append(Self.append(argument, to: &bytes)) }
            let formats: [Int32] = arguments.map { if case .text = $0 { 0 } else { 1 } }
            let lengths = ranges.map { Int32($0?.count ?? 0) }
            let result = bytes.withUnsafeBytes { buffer -> OpaquePointer? in
                let base = buffer.bindMemory(to: CChar.self).baseAddress
                let pointers = ranges.map { range -> UnsafePointer<CChar>? in
                    guard let base, let range else { return nil }
                    return base + range.offset
                }
                return PQexecPrepared(handle, name, Int32(arguments.count), pointers, lengths, formats, 1)
            }
            do throws(LedgerError) {
                try check(result)
            } catch {
                PQclear(result)
                throw error
            }
            return result
        }

        /// Types are told for the values at hand; those of nulls the server infers.
        private func prepare(_ sql: String, _ arguments: [SQLValue]) throws(LedgerError) -> String {
            if let name = prepared[sql] { return name }
            let name = "s\(prepared.count)"
            let types: [Oid] = arguments.map { argument in
                switch argument {
                case .null: 0
                case .integer: Self.int8
                case .text: Self.text
                case .blob: Self.bytea
                }
            }
            let result = PQprepare(handle, name, Self.numbered(sql), Int32(arguments.count), types)
            defer { PQclear(result) }
            try check(result)
            prepared[sql] = name
            return name
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

        /// Where a value's bytes are; nil for null. Texts end with a zero.
        private static func append(_ value: SQLValue, to bytes: inout [UInt8]) -> (offset: Int, count: Int)? {
            let offset = bytes.count
            switch value {
            case .null: return nil
            case .integer(let number): withUnsafeBytes(of: number.bigEndian) { bytes += $0 }
            case .text(let text): bytes += Array(text.utf8) + [0]
            // A zero behind it keeps the place of empty bytes inside the buffer.
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

        /// Throws what a result says went wrong, by its SQLSTATE.
        private func check(_ result: OpaquePointer?) throws(LedgerError) {
            switch PQresultStatus(result) {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK: return
            default: break
            }
            let detail = Self.trimmed(PQerrorMessage(handle))
            guard isUsable else { throw .unreachable(detail) }
            let state = PQresultErrorField(result, Int32(UInt8(ascii: "C"))).map { String(cString: $0) } ?? ""
            switch state {
            case "40001", "40P01": throw .conflict(detail)
            case "22003": throw .overflow(detail)
            case "53100": throw .diskFull(database: "the PostgreSQL server")
            case "25006": throw .readOnly(database: "the PostgreSQL database", detail: detail)
            case "57P01", "57P02", "57P03": throw .unreachable(detail)
            default: throw .database(detail)
            }
        }

        private static func trimmed(_ message: UnsafePointer<CChar>?) -> String {
            guard let message else { return "no reason given" }
            var text = String(cString: message)
            while text.last?.isWhitespace == true { text.removeLast() }
            return text.split(separator: "\n").joined(separator: "; ")
        }
    }
#endif
