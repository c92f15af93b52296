import Foundation
import GRDB

/// A GRDB connection, for as long as GRDB lends it.
struct SQLiteConnection: SQLConnection {
    let database: Database
    let path: String

    var dialect: SQLDialect { .sqlite }
    var isInTransaction: Bool { database.isInsideTransaction }

    @discardableResult
    func execute(_ sql: String, _ arguments: [SQLValue]) throws(LedgerError) -> Int {
        do {
            let statement = try database.cachedStatement(sql: sql)
            statement.setUncheckedArguments(StatementArguments(arguments.map(\.databaseValue)))
            try statement.execute()
            return database.changesCount
        } catch {
            throw LedgerError(sqlite: error, path: path)
        }
    }

    func forEachRow(
        _ sql: String, _ arguments: [SQLValue], _ body: (SQLRow) throws(LedgerError) -> Void
    ) throws(LedgerError) {
        do {
            let statement = try database.cachedStatement(sql: sql)
            statement.setUncheckedArguments(StatementArguments(arguments.map(\.databaseValue)))
            let cursor = try Row.fetchCursor(statement)
            while let row = try cursor.next() { try body(SQLRow(values: row.databaseValues.map(SQLValue.init))) }
        } catch {
            throw LedgerError(sqlite: error, path: path)
        }
    }
}

extension SQLValue {
    fileprivate var databaseValue: DatabaseValue {
        switch self {
        case .null: .null
        case .integer(let number): number.databaseValue
        case .text(let text): text.databaseValue
        case .blob(let bytes): Data(bytes).databaseValue
        }
    }

    fileprivate init(_ value: DatabaseValue) {
        switch value.storage {
        case .null, .double: self = .null
        case .int64(let number): self = .integer(number)
        case .string(let text): self = .text(text)
        case .blob(let data): self = .blob(Array(data))
        }
    }
}

extension LedgerError {
    /// What an error of GRDB or SQLite means for a person.
    init(sqlite error: any Error, path: String) {
        if let error = error as? LedgerError {
            self = error
            return
        }
        guard let failure = error as? DatabaseError else {
            self = .database("\(error)")
            return
        }
        let detail = failure.message ?? "\(failure.resultCode)"
        switch failure.resultCode.primaryResultCode {
        case .SQLITE_FULL: self = .diskFull(database: path)
        case .SQLITE_BUSY, .SQLITE_LOCKED: self = .busy(database: path)
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: self = .corrupt(database: path, detail: detail)
        case .SQLITE_READONLY, .SQLITE_PERM: self = .readOnly(database: path, detail: detail)
        case .SQLITE_CANTOPEN: self = .cannotOpen(database: path, detail: detail)
        default: self = .database(detail)
        }
    }
}
