import Domain
import Testing

@testable import Ledger

/// Rows of providers' batches take hours without a waiting client, so latencies are those of calls.
@Suite struct BatchLatencyTests {
    private static let query = DashboardQuery(
        from: Sample.noon.advanced(bySeconds: -86_400), to: Sample.noon.advanced(bySeconds: 86_400), groupBy: [.model])

    /// Twenty calls of a second, and twenty rows of a provider's batch that took two hours.
    private static func book(on ledger: LedgerStore) async throws {
        for number in 0..<20 {
            try await ledger.append(Sample.entry("c\(number)", nanoUSD: 10, seconds: 1))
            var call = Sample.call(account: Attribution(batch: "b"))
            call.tier = .batch
            try await ledger.append(Sample.entry("r\(number)", nanoUSD: 4, call: call, seconds: 7200))
        }
    }

    private static func check(_ ledger: LedgerStore) async throws {
        for _ in 0..<2 {
            let totals = try await ledger.read { try $0.dashboard(query) }.totals
            #expect(totals.calls == 40 && totals.cost.total == Money(nanoUSD: 280))
            #expect(totals.latency.count == 20 && totals.latency.meanSeconds == 1)
            let slowest = try #require(totals.latency.quantileSeconds(0.95))
            #expect(slowest >= 1 && slowest < 1.2)
            #expect(try await ledger.read { try $0.verify() }.differences == [])
            try await ledger.rollUp()
        }
    }

    @Test("latencies of a dashboard exclude rows of providers' batches, rolled up or not")
    func dashboards() async throws {
        try await TemporaryLedger.with { ledger, _ in
            try await Self.book(on: ledger)
            try await Self.check(ledger)
        }
    }

    @Test(
        "the same on PostgreSQL", .enabled(if: TemporaryPostgreSQL.isAvailable, "no PostgreSQL server is here"))
    func dashboardsOnPostgreSQL() async throws {
        try await TemporaryPostgreSQL.with { server in
            let ledger = LedgerStore(database: try PostgreSQLDatabase(url: server.url))
            try await Self.book(on: ledger)
            try await Self.check(ledger)
            await ledger.close()
        }
    }

    @Test("roll-ups of an earlier version that include them are rebuilt")
    func earlier() async throws {
        let place = try TemporaryLedger()
        defer { place.remove() }
        let old = LedgerStore(
            database: try SQLiteDatabase(path: place.path, migrations: Array(LedgerMigration.all.prefix(10))))
        try await Self.book(on: old)
        try await old.rollUp()
        await old.close()
        // As the earlier version would have summed them.
        try place.edit("UPDATE rollup_sum SET latency_us = latency_us + 20 * 7200000000")
        let ledger = try place.open()
        try await Self.check(ledger)
        await ledger.close()
    }
}
