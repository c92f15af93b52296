import Foundation
import GRDB

/// A GRDB connection, for as long as GRDB lends it.
struct SQLiteConnection: SQLConnection {
    let database: Database
    let path: String

    var dialect: SQLDialect { .sqlite }
    /// Constant, since the writer's connection lasts as long as the store.
    var identity: Int { 0 }
    var isInTransaction: Bool { database.isInsideTransaction }

    @discardableResult
    func execute(_ sql: String, _ arguments: [SQLValue]) throws(LedgerError) -> Int {
        do {
            try prepared(sql, arguments).execute()
            return database.changesCount
        } catch {
            throw LedgerError(sqlite: error, path: path)
        }
    }

    func enqueue(_ sql: String, _ arguments: [SQLValue]) throws(LedgerError) { try execute(sql, arguments) }

    func dropEnqueued() {}

    func insert(_ rows: [[SQLValue]], _ insertion: SQLInsertion) throws(LedgerError) {
        if rows.isEmpty { return }
        let sql = insertion.single
        do {
            let statement = try database.cachedStatement(sql: sql)
            for row in rows {
                try bind(row, to: statement, of: sql)
                try statement.execute()
            }
        } catch {
            throw LedgerError(sqlite: error, path: path)
        }
    }

    func results(_ queries: [SQLQuery]) throws(LedgerError) -> [SQLResult] {
        var results: [SQLResult] = []
        for query in queries {
            let rows = try rows(query.sql, query.arguments)
            results.append(SQLResult(rows: rows, changed: database.changesCount))
        }
        return results
    }

    func forEachRow(
        _ sql: String, _ arguments: [SQLValue], _ body: (SQLRow) throws(LedgerError) -> Void
    ) throws(LedgerError) {
        do {
            let statement = try prepared(sql, arguments)
            let columns = CInt(statement.columnCount)
            // The cursor only steps; columns are read from the statement, since GRDB's rows copy more than needed.
            let steps = try DatabaseValue.fetchCursor(statement)
            while try steps.next() != nil {
                let values = (0..<columns).map {
                    SQLValue(DatabaseValue(sqliteStatement: statement.sqliteStatement, index: $0))
                }
                try body(SQLRow(values: values))
            }
        } catch {
            throw LedgerError(sqlite: error, path: path)
        }
    }

    /// Binds the parameters one by one: GRDB's argument lists took a third of the writer's time.
    private func prepared(_ sql: String, _ arguments: [SQLValue]) throws -> Statement {
        let statement = try database.cachedStatement(sql: sql)
        try bind(arguments, to: statement, of: sql)
        return statement
    }

    private func bind(_ arguments: [SQLValue], to statement: Statement, of sql: String) throws {
        statement.setUncheckedArguments(Self.noArguments)
        for (index, argument) in arguments.enumerated() {
            let code = argument.bind(to: statement.sqliteStatement, at: CInt(index + 1))
            guard code == 0 else { throw DatabaseError(resultCode: ResultCode(rawValue: code), sql: sql) }
        }
    }

    private static let noArguments = StatementArguments()
}

extension SQLValue {
    fileprivate func bind(to statement: SQLiteStatement, at index: CInt) -> CInt {
        switch self {
        case .null: DatabaseValue.null.bind(to: statement, at: index)
        case .integer(let number): number.bind(to: statement, at: index)
        case .text(let text): text.bind(to: statement, at: index)
        case .array, .rows: DatabaseValue.null.bind(to: statement, at: index)
        case .blob(let bytes): Data(bytes).bind(to: statement, at: index)
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
    /// Translates an error of GRDB or SQLite.
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
