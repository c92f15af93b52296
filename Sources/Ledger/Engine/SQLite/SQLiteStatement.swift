import GRDB
import GRDBSQLite

/// A prepared statement of SQLite that is run with parameters.
///
/// GRDB's argument lists, cursors and observers took a third of the writer's time.
struct SQLiteStatement {
    let handle: OpaquePointer
    let sql: String

    /// Binds the parameters, passes each row to a body, and resets the statement.
    ///
    /// Texts and bytes are copied once for the run, and not once by SQLite for each parameter.
    func run(_ arguments: [SQLValue], on database: Database, _ body: (SQLRow) throws -> Void) throws {
        var bytes = 1
        for argument in arguments { bytes += argument.byteCount }
        try withUnsafeTemporaryAllocation(byteCount: bytes, alignment: 1) { copies in
            defer {
                sqlite3_reset(handle)
                sqlite3_clear_bindings(handle)
            }
            var free = copies[...]
            for index in arguments.indices {
                let code = arguments[index].bind(to: handle, at: CInt(index + 1), copyingTo: &free)
                guard code == SQLITE_OK else { throw failure(code, database) }
            }
            try steps(on: database, body)
        }
    }

    private func steps(on database: Database, _ body: (SQLRow) throws -> Void) throws {
        let columns = sqlite3_column_count(handle)
        while true {
            let code = sqlite3_step(handle)
            if code == SQLITE_DONE { return }
            guard code == SQLITE_ROW else { throw failure(code, database) }
            try body(
                SQLRow(
                    values: Array(unsafeUninitializedCapacity: Int(columns)) { buffer, count in
                        for column in 0..<columns {
                            buffer.initializeElement(at: Int(column), to: SQLValue(handle, column))
                        }
                        count = Int(columns)
                    }))
        }
    }

    private func failure(_ code: CInt, _ database: Database) -> DatabaseError {
        DatabaseError(resultCode: ResultCode(rawValue: code), message: database.lastErrorMessage, sql: sql)
    }
}

extension SQLValue {
    /// Bytes that the value takes beside its parameter.
    fileprivate var byteCount: Int {
        switch self {
        case .text(let text): text.utf8.count
        case .blob(let bytes): bytes.count
        case .null, .integer, .array, .rows: 0
        }
    }

    /// Binds the value. Its bytes are copied to the start of `free`, which has to live until the statement is reset.
    fileprivate func bind(
        to statement: OpaquePointer, at index: CInt, copyingTo free: inout Slice<UnsafeMutableRawBufferPointer>
    ) -> CInt {
        switch self {
        case .null, .array, .rows: return sqlite3_bind_null(statement, index)
        case .integer(let number): return sqlite3_bind_int64(statement, index, number)
        case .text(var text):
            return text.withUTF8 { utf8 in
                let copy = Self.copy(UnsafeRawBufferPointer(utf8), to: &free)
                return sqlite3_bind_text(
                    statement, index, copy?.assumingMemoryBound(to: CChar.self), CInt(utf8.count), nil)
            }
        case .blob(let bytes):
            return bytes.withUnsafeBytes { bytes in
                sqlite3_bind_blob(statement, index, Self.copy(bytes, to: &free), CInt(bytes.count), nil)
            }
        }
    }

    private static func copy(
        _ bytes: UnsafeRawBufferPointer, to free: inout Slice<UnsafeMutableRawBufferPointer>
    ) -> UnsafeMutableRawPointer? {
        let target = UnsafeMutableRawBufferPointer(rebasing: free)
        target.copyMemory(from: bytes)
        free = free.dropFirst(bytes.count)
        return target.baseAddress
    }

    /// The value of a column of the row under way.
    fileprivate init(_ statement: OpaquePointer, _ column: CInt) {
        switch sqlite3_column_type(statement, column) {
        case SQLITE_INTEGER: self = .integer(sqlite3_column_int64(statement, column))
        case SQLITE_TEXT:
            let start = sqlite3_column_text(statement, column)
            let bytes = UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, column)))
            self = .text(String(decoding: bytes, as: UTF8.self))
        case SQLITE_BLOB:
            let start = sqlite3_column_blob(statement, column)
            let bytes = UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, column)))
            self = .blob([UInt8](bytes))
        default: self = .null
        }
    }
}
