import Foundation

@testable import Ledger

/// A ledger in a directory of its own, which goes when the test ends.
struct TemporaryLedger {
    let directory: URL
    var path: String { directory.appendingPathComponent("ledger.sqlite").path }

    init() throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("ledger-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    }

    func open() throws -> LedgerStore { try LedgerStore.sqlite(path: path) }

    /// Runs a statement on the file, not through the ledger.
    func edit(_ statement: String) throws(LedgerError) {
        let database = try SQLiteDatabase(path: path)
        var result: Result<Void, LedgerError> = .success(())
        database.withWriter { connection in
            result = Result { () throws(LedgerError) in try connection.execute(statement, []) }
        }
        database.close()
        try result.get()
    }

    /// All bytes of the database and of its log.
    func bytes() throws -> [UInt8] {
        try ["", "-wal"].flatMap { Array(try Data(contentsOf: URL(fileURLWithPath: path + $0))) }
    }

    func remove() { try? FileManager.default.removeItem(at: directory) }

    /// Runs a body with a fresh ledger, and closes and removes it afterwards.
    static func with(_ body: (LedgerStore, TemporaryLedger) async throws -> Void) async throws {
        let place = try TemporaryLedger()
        defer { place.remove() }
        let ledger = try place.open()
        do {
            try await body(ledger, place)
            await ledger.close()
        } catch {
            await ledger.close()
            throw error
        }
    }
}
