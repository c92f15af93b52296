import Foundation
import GRDB

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A copy of a SQLite ledger at one moment, made while services write to it.
package struct LedgerBackup: Hashable, Sendable {
    /// Size of the copy.
    package let bytes: Int64
    /// Entries in the copy.
    package let entries: Int64

    /// Copies a ledger into a new file that only its owner can read.
    ///
    /// Writers go on meanwhile; what they commit after the start is not in the copy. The copy is checked, synced, and
    /// gets its name last, so that a file of that name is whole.
    ///
    /// - Parameters:
    ///   - location: `sqlite:PATH`.
    ///   - target: the path of the new file.
    /// - Throws: `badLocation` for another database, `invalid` where the target exists, else what failed.
    package init(of location: String, to target: String) throws(LedgerError) {
        guard location.hasPrefix("sqlite:") else {
            throw .badLocation(
                LedgerLocation(text: location).shown, reason: "only SQLite files are backed up here: use pg_dump")
        }
        let path = String(location.dropFirst("sqlite:".count))
        guard FileManager.default.fileExists(atPath: path) else {
            throw .cannotOpen(database: path, detail: "there is no such file")
        }
        guard !FileManager.default.fileExists(atPath: target) else {
            throw .invalid("the backup \(target): a file of that name exists; give a new name")
        }
        let part = "\(target).part"
        unlink(part)
        let descriptor = open(part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw .cannotOpen(database: part, detail: String(cString: strerror(errno)))
        }
        defer {
            Glibc.close(descriptor)
            unlink(part)
        }
        do {
            var configuration = Configuration()
            configuration.readonly = true
            configuration.busyMode = .timeout(5)
            let source = try DatabaseQueue(path: path, configuration: configuration)
            // One read transaction, which no writer disturbs; the target is an empty file.
            try source.writeWithoutTransaction { try $0.execute(sql: "VACUUM INTO ?", arguments: [part]) }
            try source.close()
            let copy = try DatabaseQueue(path: part, configuration: configuration)
            let (check, entries) = try copy.read { database in
                (
                    try String.fetchOne(database, sql: "PRAGMA quick_check(1)") ?? "",
                    try Int64.fetchOne(database, sql: "SELECT COUNT(*) FROM entry") ?? 0
                )
            }
            try copy.close()
            guard check == "ok" else { throw LedgerError.corrupt(database: part, detail: check) }
            self.entries = entries
        } catch {
            throw LedgerError(sqlite: error, path: path)
        }
        bytes = Int64(lseek(descriptor, 0, SEEK_END))
        guard fsync(descriptor) == 0, rename(part, target) == 0 else {
            throw .cannotOpen(database: target, detail: String(cString: strerror(errno)))
        }
    }
}
