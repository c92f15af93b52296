import Foundation
import GRDB

/// What a ledger is like, found without changing it.
package struct LedgerInspection: Hashable, Sendable {
    /// Whether there is a database yet.
    package let exists: Bool
    /// Migrations that opening it will apply, by name.
    package let pending: [String]
    /// Migrations of a later version, with which this one cannot open it.
    package let unknown: [String]

    /// Looks at the ledger of a location. Nothing is created or migrated.
    ///
    /// - Throws: `badLocation`, or what keeps it from being read.
    package init(of location: String) throws(LedgerError) {
        let names = LedgerMigration.all.map(\.name)
        let applied: [String]?
        if location.hasPrefix("sqlite:") {
            applied = try Self.sqlite(String(location.dropFirst("sqlite:".count)))
        } else if location.hasPrefix("postgres://") || location.hasPrefix("postgresql://") {
            try LedgerLocation(text: location).checkAddress()
            applied = try Self.postgreSQL(location)
        } else {
            let shown = LedgerLocation(text: location).shown
            throw .badLocation(shown, reason: "it begins neither with sqlite: nor with postgres://")
        }
        exists = applied != nil
        pending = names.filter { applied?.contains($0) != true }
        unknown = (applied ?? []).filter { !names.contains($0) }.sorted()
    }

    /// The applied migrations of a file; nil where there is none.
    private static func sqlite(_ path: String) throws(LedgerError) -> [String]? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        do {
            var configuration = Configuration()
            configuration.readonly = true
            configuration.busyMode = .timeout(2)
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            defer { try? queue.close() }
            return try queue.read(SQLiteDatabase.applied)
        } catch {
            throw LedgerError(sqlite: error, path: path)
        }
    }

    /// The applied migrations of a database, none where it is empty.
    private static func postgreSQL(_ url: String) throws(LedgerError) -> [String]? {
        let connection = try PostgreSQLConnection(url: url)
        let row = try connection.row("SELECT COUNT(*) FROM pg_tables WHERE tablename = 'hera_migration'", [])
        guard row?.integer(0) ?? 0 > 0 else { return [] }
        return try connection.rows("SELECT name FROM hera_migration", []).map { $0.text(0) }
    }
}
