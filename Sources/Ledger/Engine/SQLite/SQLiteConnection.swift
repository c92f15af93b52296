import GRDB
import GRDBSQLite

/// A GRDB connection, for as long as GRDB lends it.
struct SQLiteConnection: SQLConnection {
    let database: Database
    let file: SQLiteFile
    let isWriter: Bool

    var dialect: SQLDialect { .sqlite }
    /// Constant, since the writer's connection lasts as long as the store.
    var identity: Int { 0 }
    var isInTransaction: Bool { database.isInsideTransaction }

    @discardableResult
    func execute(_ sql: String, _ arguments: [SQLValue]) throws(LedgerError) -> Int {
        do {
            try prepared(sql)?.run(arguments, on: database) { _ in }
            return changed
        } catch {
            throw LedgerError(sqlite: error, path: file.path)
        }
    }

    func enqueue(_ sql: String, _ arguments: [SQLValue]) throws(LedgerError) { try execute(sql, arguments) }

    func dropEnqueued() {}

    func insert(_ rows: [[SQLValue]], _ insertion: SQLInsertion) throws(LedgerError) {
        if rows.isEmpty { return }
        do {
            let statement = try prepared(insertion.single)
            for row in rows { try statement?.run(row, on: database) { _ in } }
        } catch {
            throw LedgerError(sqlite: error, path: file.path)
        }
    }

    func results(_ queries: [SQLQuery]) throws(LedgerError) -> [SQLResult] {
        var results: [SQLResult] = []
        results.reserveCapacity(queries.count)
        for query in queries {
            let rows = try rows(query.sql, query.arguments)
            results.append(SQLResult(rows: rows, changed: changed))
        }
        return results
    }

    func forEachRow(
        _ sql: String, _ arguments: [SQLValue], _ body: (SQLRow) throws(LedgerError) -> Void
    ) throws(LedgerError) {
        do {
            try prepared(sql)?.run(arguments, on: database) { try body($0) }
        } catch {
            throw LedgerError(sqlite: error, path: file.path)
        }
    }

    /// Rows that the last statement changed.
    private var changed: Int { Int(sqlite3_changes(database.sqliteConnection)) }

    /// The statement to run; nil for one that begins or ends a transaction, which GRDB has run.
    private func prepared(_ sql: String) throws -> SQLiteStatement? {
        guard isWriter else {
            return SQLiteStatement(handle: try database.cachedStatement(sql: sql).sqliteStatement, sql: sql)
        }
        let prepared = try file.statements.statement(sql, on: database)
        if prepared.isTransactional {
            try database.cachedStatement(sql: sql).execute()
            return nil
        }
        return prepared.handle.map { SQLiteStatement(handle: $0, sql: sql) }
    }
}

/// A SQLite file with what its writer has prepared.
final class SQLiteFile: Sendable {
    let path: String
    let statements = SQLiteStatements()

    init(path: String) { self.path = path }
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
