import Domain
import Testing

@testable import Ledger

/// A later version of the program migrates the tables while a store of this one is open.
@Suite struct VersionTests {
    private static let refusal = LedgerError.newerVersion(database: "the database", migrations: ["99 future"])

    /// Writes of each path: together, one by one, both in one group, and concurrently with the writer.
    private static func write(_ ledger: LedgerStore, _ id: String) async -> [LedgerError?] {
        func failure(_ body: () async throws(LedgerError) -> Void) async -> LedgerError? {
            do throws(LedgerError) {
                try await body()
                return nil
            } catch {
                return error
            }
        }
        async let reserved = failure { () async throws(LedgerError) in
            _ = try await ledger.reserve(Sample.request("\(id)/reserved", nanoUSD: 5))
        }
        async let appended = failure { () async throws(LedgerError) in
            try await ledger.append(Sample.entry("\(id)/appended", nanoUSD: 5))
        }
        return await [
            reserved, appended,
            failure { () async throws(LedgerError) in
                _ = try await ledger.reserve(Sample.request("\(id)/alone", nanoUSD: 5))
            },
            failure { () async throws(LedgerError) in try await ledger.heartbeat(leaseSeconds: 10) },
            failure { () async throws(LedgerError) in try await ledger.rollUp() },
        ]
    }

    private static func check(_ ledger: LedgerStore, upgrade: () throws -> Void) async throws {
        #expect(await write(ledger, "before") == [nil, nil, nil, nil, nil])
        try await ledger.append(Sample.entry("not rolled up", nanoUSD: 5))
        try upgrade()
        #expect(await write(ledger, "after") == Array(repeating: refusal, count: 5))
        let (rolled, last) = try await ledger.read { session in try session.rolledAndLast() }
        #expect(rolled == 1 && last == 2, "it wrote after all")
        #expect(
            try await ledger.read { try $0.openReservations() }.map(\.request.id) == [
                "before/alone", "before/reserved",
            ])
        await ledger.close()
    }

    @Test("a store stops writing once a later version has migrated the tables")
    func sqlite() async throws {
        let place = try TemporaryLedger()
        defer { place.remove() }
        try await Self.check(try place.open()) {
            try place.edit("INSERT INTO grdb_migrations VALUES ('99 future')")
        }
    }

    @Test(
        "the same on PostgreSQL", .enabled(if: TemporaryPostgreSQL.isAvailable, "no PostgreSQL server is here"))
    func postgreSQL() async throws {
        try await TemporaryPostgreSQL.with { server in
            let url = server.url
            try await Self.check(try LedgerStore.open(url)) {
                try PostgreSQLConnection(url: url).script("INSERT INTO hera_migration VALUES ('99 future')")
            }
        }
    }
}
