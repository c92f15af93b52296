import GRDB
import GRDBSQLite
import Synchronization

/// The statements that the writer of a file has prepared, kept as long as its connection.
///
/// GRDB's own cache hashes the whole text of a statement at each use.
final class SQLiteStatements: Sendable {
    /// A prepared statement.
    struct Prepared: Sendable {
        /// The address of SQLite's `sqlite3_stmt`, used on the writer's queue only.
        fileprivate let address: UInt
        /// Whether it begins or ends a transaction or savepoint, which GRDB has to see.
        let isTransactional: Bool

        /// SQLite's handle.
        var handle: OpaquePointer? { OpaquePointer(bitPattern: address) }
    }

    /// A statement's text. Nearly all texts are constants, so they are equal at first sight, and their lengths differ.
    private struct Key: Hashable {
        let sql: String

        func hash(into hasher: inout Hasher) { hasher.combine(sql.utf8.count) }
    }

    private let prepared = Mutex<[Key: Prepared]>([:])

    private static let transactional = ["BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"]

    /// The statement of a text, prepared at its first use.
    func statement(_ sql: String, on database: Database) throws -> Prepared {
        if let known = prepared.withLock({ $0[Key(sql: sql)] }) { return known }
        var handle: OpaquePointer?
        let code = sqlite3_prepare_v3(
            database.sqliteConnection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &handle, nil)
        guard code == SQLITE_OK, let handle else {
            throw DatabaseError(
                resultCode: ResultCode(rawValue: code), message: database.lastErrorMessage, sql: sql)
        }
        let made = Prepared(
            address: UInt(bitPattern: handle), isTransactional: Self.transactional.contains { sql.hasPrefix($0) })
        prepared.withLock { $0[Key(sql: sql)] = made }
        return made
    }

    /// Ends all statements, before the connection is closed.
    func finish() {
        let all = prepared.withLock { prepared in
            defer { prepared = [:] }
            return Array(prepared.values)
        }
        for statement in all { sqlite3_finalize(statement.handle) }
    }
}
