import Dispatch
import Foundation
import GRDB
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A SQLite file: WAL, one writer, a few readers. Commits reach the log, which `flush` puts on disk.
struct SQLiteDatabase: SQLDatabase {
    private let pool: DatabasePool
    private let file: SQLiteFile
    var path: String { file.path }
    private let presence: NodePresence
    private let log: WriteAheadLog
    private let hub = NotificationHub()

    var owner: String { presence.owner }
    var filePath: String? { path }
    /// The log is written to the operating system at each commit.
    var keepsUnflushedCommits: Bool { true }

    /// A checkpoint blocks the writer for some milliseconds. At this size it hits less than one operation in a hundred,
    /// and pages that change often (totals, roll-ups) are copied once for many changes.
    private static let pagesPerCheckpoint = 4000
    /// A log that has grown behind a long reader (a copy, `verify`) is truncated to this; usually it is half of it.
    private static let keptLogBytes = 32 << 20

    /// Waits so long for another process that has locked the file.
    private static let busySeconds = 5.0

    /// Opens the file, creates it where it is missing, and migrates its tables.
    init(path: String, migrations: [LedgerMigration] = LedgerMigration.all) throws(LedgerError) {
        file = SQLiteFile(path: path)
        try Self.check(path)
        Self.hide(path)
        presence = try NodePresence(path: path + "-nodes")
        log = WriteAheadLog(ofDatabase: path)
        do {
            pool = try Self.open(path, migrations)
        } catch {
            throw LedgerError(sqlite: error, path: path)
        }
        Self.hide(path)
    }

    /// Opens and migrates the file. Retries for a while if others open it too, since SQLite's busy timeout does not
    /// cover a change of the journal mode.
    private static func open(_ path: String, _ migrations: [LedgerMigration]) throws -> DatabasePool {
        var configuration = Configuration()
        configuration.busyMode = .timeout(busySeconds)
        configuration.foreignKeysEnabled = true
        configuration.maximumReaderCount = 4
        configuration.label = "hera.ledger"
        let began = ContinuousClock.now
        while true {
            do {
                let pool = try DatabasePool(path: path, configuration: configuration)
                // Commits reach the log only; `flush` syncs it.
                try pool.writeWithoutTransaction {
                    try $0.execute(sql: "PRAGMA synchronous = NORMAL")
                    try $0.execute(sql: "PRAGMA wal_autocheckpoint = \(pagesPerCheckpoint)")
                    try $0.execute(sql: "PRAGMA journal_size_limit = \(keptLogBytes)")
                }
                try migrate(pool, path: path, migrations)
                return pool
            } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
                if ContinuousClock.now - began > .seconds(busySeconds) { throw error }
                Thread.sleep(forTimeInterval: 0.02)
            }
        }
    }

    /// Keeps other users of the machine from reading decisions, jobs and hashes of keys. SQLite gives the log and the
    /// shared memory of a file the file's own permissions.
    ///
    /// The file itself is not opened for that: closing it would release this process's locks on it. A new one is made
    /// under another name.
    private static func hide(_ path: String) {
        if access(path, F_OK) != 0 { makeHiddenFile(path) }
        for end in ["", "-wal", "-shm", "-nodes"] { _ = chmod(path + end, 0o600) }
    }

    /// Reports faults that SQLite names less clearly.
    private static func check(_ path: String) throws(LedgerError) {
        let directory = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let files = FileManager.default
        var isDirectory: ObjCBool = false
        guard files.fileExists(atPath: directory, isDirectory: &isDirectory), isDirectory.boolValue else {
            throw .cannotOpen(database: path, detail: "there is no directory \(directory)")
        }
        if files.fileExists(atPath: path, isDirectory: &isDirectory) {
            guard !isDirectory.boolValue else { throw .cannotOpen(database: path, detail: "it is a directory") }
            guard files.isWritableFile(atPath: path) else {
                throw .readOnly(database: path, detail: "the file is read-only")
            }
        }
        guard files.isWritableFile(atPath: directory) else {
            throw .readOnly(database: path, detail: "its directory \(directory) is read-only")
        }
    }

    /// One transaction that begins with the write lock: of stores that open a file at once, the others wait.
    private static func migrate(_ pool: DatabasePool, path: String, _ migrations: [LedgerMigration]) throws {
        let names = migrations.map(\.name)
        let known = try pool.read(applied)
        let unknown = Set(known).subtracting(names)
        guard unknown.isEmpty else {
            throw LedgerError.newerVersion(database: path, migrations: unknown.sorted())
        }
        if known.count == names.count { return }
        try pool.writeWithoutTransaction { database in
            try database.inTransaction(.immediate) {
                try database.execute(
                    sql: "CREATE TABLE IF NOT EXISTS grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)")
                let applied = try applied(in: database)
                for migration in migrations where !applied.contains(migration.name) {
                    for statement in migration.statements(in: .sqlite) { try database.execute(sql: statement) }
                    try database.execute(sql: "INSERT INTO grdb_migrations VALUES (?)", arguments: [migration.name])
                }
                try installAppendOnlyTriggers(database)
                return .commit
            }
        }
    }

    /// The names of applied migrations.
    static func applied(in database: Database) throws -> [String] {
        guard try database.tableExists("grdb_migrations") else { return [] }
        return try String.fetchAll(database, sql: "SELECT identifier FROM grdb_migrations")
    }

    /// Forbids any program to change or delete entries.
    private static func installAppendOnlyTriggers(_ database: Database) throws {
        for change in ["UPDATE", "DELETE"] {
            try database.execute(
                sql: """
                    CREATE TRIGGER IF NOT EXISTS entry_no_\(change.lowercased()) BEFORE \(change) ON entry
                    BEGIN SELECT RAISE(ABORT, 'entries are append-only: append a correction instead'); END
                    """)
        }
    }

    func withWriter(_ body: (any SQLConnection) -> Void) {
        pool.writeWithoutTransaction { body(SQLiteConnection(database: $0, file: file, isWriter: true)) }
    }

    func flushTicket() -> Int { 0 }

    func flush(_ ticket: Int) throws(LedgerError) { try log.flush() }

    func read<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws(LedgerError) -> Value
    ) async throws(LedgerError) -> Value {
        do {
            return try await pool.read { try body(SQLiteConnection(database: $0, file: file, isWriter: false)) }
        } catch {
            throw LedgerError(sqlite: error, path: path)
        }
    }

    func readConcurrently<Value>(
        _ body: (any SQLConnection) throws(LedgerError) -> Value
    ) throws(LedgerError) -> Value {
        do {
            return try pool.read { try body(SQLiteConnection(database: $0, file: file, isWriter: false)) }
        } catch {
            throw LedgerError(sqlite: error, path: path)
        }
    }

    func isPresent(_ owner: String, on connection: any SQLConnection) -> Bool { presence.isAlive(owner) }

    /// All stores are on this machine and share its monotonic clock.
    func leaseClock(on connection: any SQLConnection) -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// The kernel keeps a process's locks as long as it runs.
    func serverAge(on connection: any SQLConnection) -> Int64? { nil }

    func announce(_ notices: Set<LedgerNotification>, on connection: any SQLConnection) {}

    func announced(_ notices: Set<LedgerNotification>) { hub.publish(notices) }

    func notices() -> AsyncStream<LedgerNotification> { hub.stream() }

    func close() {
        hub.close()
        // The file alone then holds everything. A log that another process still reads stays.
        try? pool.writeWithoutTransaction { database in
            file.statements.finish()
            try database.execute(sql: "PRAGMA busy_timeout = 200")
            try database.checkpoint(.truncate)
        }
        log.close()
        try? pool.close()
        presence.leave()
    }
}

/// Makes an empty file that other users cannot read, unless there is one. Outside of the type, whose own `open` and
/// `close` have the names of the system's.
private func makeHiddenFile(_ path: String) {
    let made = "\(path)-new-\(String(UInt64.random(in: .min ... .max), radix: 36))"
    let descriptor = open(made, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return }
    _ = close(descriptor)
    _ = link(made, path)
    _ = unlink(made)
}

/// The write-ahead log of a SQLite file, synced without blocking the writer.
///
/// With `synchronous=NORMAL` SQLite writes every commit to the log without syncing it. The file stays the same as long
/// as a connection is open, and `fdatasync` covers all writes to a file, whichever descriptor made them.
final class WriteAheadLog: Sendable {
    private let path: String
    /// Below zero until the first flush; the file may not be there before the first commit.
    private let descriptor = Mutex<Int32>(-1)

    init(ofDatabase path: String) { self.path = path + "-wal" }

    deinit { close() }

    func flush() throws(LedgerError) {
        let fault = descriptor.withLock { descriptor -> Int32 in
            if descriptor < 0 { descriptor = open(path, O_RDWR | O_CLOEXEC) }
            guard descriptor >= 0 else { return errno }
            return fdatasync(descriptor) == 0 ? 0 : errno
        }
        if fault != 0 { throw .writesLost(database: path, detail: String(cString: strerror(fault))) }
    }

    func close() {
        descriptor.withLock { descriptor in
            if descriptor >= 0 { _ = Glibc.close(descriptor) }
            descriptor = -1
        }
    }
}
