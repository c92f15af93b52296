import Domain
import Testing

@testable import Ledger

/// Roll-ups lag behind the entries without effect on what is read.
@Suite(.serialized) struct RollupTests {
    private static let queries: [DashboardQuery] = {
        let moments = [-100_000.0, -43_200, -3600, -1800, 0, 900, 3600, 43_200, 100_000]
            .map { Sample.noon.advanced(bySeconds: $0) }
        return moments.enumerated().flatMap { index, from in
            moments[index...].map { DashboardQuery(from: from, to: $0, groupBy: [.model, .key]) }
        } + [
            DashboardQuery(from: moments[0], to: moments[8], groupBy: [.hour], filters: [.model: "openai/small"]),
            DashboardQuery(from: moments[0], to: moments[8], groupBy: [.day, .kind]),
        ]
    }()

    private static func reports(_ ledger: LedgerStore) async throws -> [DashboardReport] {
        var reports: [DashboardReport] = []
        for query in queries { reports.append(try await ledger.read { try $0.dashboard(query) }) }
        return reports
    }

    /// Never rolls up by itself.
    private static func sqlite(_ place: TemporaryLedger) throws -> LedgerStore {
        LedgerStore(database: try SQLiteDatabase(path: place.path), entriesBetweenRollups: 1_000_000)
    }

    private static func entry(_ number: Int) -> LedgerEntry {
        let key = number % 5 == 0 ? nil : "k\(number % 3)"
        return Sample.entry(
            "e\(number)", nanoUSD: Int64(number), at: Sample.noon.advanced(bySeconds: Double(number % 40 - 20) * 2000),
            call: Sample.call(account: Attribution(key: key), model: number % 4 == 0 ? "a/large" : "openai/small"),
            seconds: Double(number) / 10)
    }

    /// How far the roll-ups are, and the last entry.
    private static func place(_ ledger: LedgerStore) async throws -> [Int64] {
        try await ledger.read { session in
            let (rolled, last) = try session.rolledAndLast()
            return [rolled, last]
        }
    }

    @Test("dashboards, budgets and verification are equal with all, some or no entries rolled up")
    func invisible() async throws {
        let places = [try TemporaryLedger(), try TemporaryLedger()]
        defer { for place in places { place.remove() } }
        try await Self.play(on: try Self.sqlite(places[0]), against: try Self.sqlite(places[1]))
    }

    @Test(
        "the same on PostgreSQL", .enabled(if: TemporaryPostgreSQL.isAvailable, "no PostgreSQL server is here"))
    func invisibleOnPostgreSQL() async throws {
        try await TemporaryPostgreSQL.with { server in
            let place = try TemporaryLedger()
            defer { place.remove() }
            let remote = LedgerStore(
                database: try PostgreSQLDatabase(url: server.url), entriesBetweenRollups: 1_000_000)
            try await Self.play(on: remote, against: try Self.sqlite(place))
        }
    }

    /// Books the same in both, and rolls up the first one after each piece.
    private static func play(on ledger: LedgerStore, against unrolled: LedgerStore) async throws {
        for piece in 0..<4 {
            for number in piece * 30..<piece * 30 + 30 {
                for each in [ledger, unrolled] { try await each.append(entry(number)) }
            }
            // Entries of hours and days that are rolled up long since: a correction, and a call that ends late.
            for each in [ledger, unrolled] {
                _ = try await each.write {
                    try $0.correct("e\(piece)", with: Sample.entry("c\(piece)", nanoUSD: 50_000))
                }
                let late = Sample.request("l\(piece)", nanoUSD: 99, at: Sample.noon.advanced(bySeconds: -40_000))
                _ = try await each.reserve(late)
                _ = try await each.settle(late.id, Sample.entry(late.id, nanoUSD: 70))
                // Budgets that begin in the middle have what was spent before.
                for scope in [BudgetScope.global, .key("k1")] {
                    for window in [BudgetWindow.none, .day, .week, .month] {
                        let budget = Budget(scope: scope, limit: .usd(Money(nanoUSD: .max)), window: window)
                        try? await each.write { try $0.removeBudget(scope: scope, unit: .usd, window: window) }
                        try await each.write { try $0.setBudget(budget, at: Sample.noon) }
                    }
                }
            }
            #expect(try await place(ledger) != place(unrolled) || piece == 0)
            #expect(try await reports(ledger) == reports(unrolled))
            #expect(
                try await Set(ledger.read { try $0.budgets(of: nil, at: Sample.noon) })
                    == Set(unrolled.read { try $0.budgets(of: nil, at: Sample.noon) }))
            #expect(try await ledger.read { try $0.verify() }.differences == [])
            try await ledger.rollUp()
            let (rolled, last) = (try await place(ledger)[0], try await place(ledger)[1])
            #expect(rolled == last)
            #expect(try await reports(ledger) == reports(unrolled))
            let report = try await ledger.read { try $0.verify() }
            #expect(report.differences == [] && report.rollups > 20)
        }
        #expect(try await unrolled.read { try $0.verify() }.rollups == 0)
        for each in [ledger, unrolled] { await each.close() }
    }

    @Test("entries are rolled up automatically after many bookings, those of earlier stores too")
    func byItself() async throws {
        let place = try TemporaryLedger()
        defer { place.remove() }
        let earlier = try Self.sqlite(place)
        for number in 0..<9 { try await earlier.append(Self.entry(number)) }
        #expect(try await Self.place(earlier) == [0, 9])
        await earlier.close()
        let ledger = LedgerStore(database: try SQLiteDatabase(path: place.path), entriesBetweenRollups: 10)
        try await ledger.append(Self.entry(9))
        while try await Self.place(ledger) != [10, 10] { try await Task.sleep(for: .milliseconds(2)) }
        for number in 10..<15 { try await ledger.append(Self.entry(number)) }
        #expect(try await Self.place(ledger) == [10, 15])
        for number in 15..<20 { try await ledger.append(Self.entry(number)) }
        while try await Self.place(ledger) != [20, 20] { try await Task.sleep(for: .milliseconds(2)) }
        #expect(try await ledger.read { try $0.verify() }.differences == [])
        await ledger.close()
    }

    @Test("stores of one file that roll up at the same time count each entry once")
    func twoStores() async throws {
        let place = try TemporaryLedger()
        defer { place.remove() }
        try await Self.together(try (0..<3).map { _ in try SQLiteDatabase(path: place.path) })
    }

    @Test(
        "nodes of one PostgreSQL that roll up at the same time count each entry once",
        .enabled(if: TemporaryPostgreSQL.isAvailable, "no PostgreSQL server is here"))
    func threeNodes() async throws {
        try await TemporaryPostgreSQL.with { server in
            try await Self.together(try (0..<3).map { _ in try PostgreSQLDatabase(url: server.url) })
        }
    }

    private static func together(_ databases: [any SQLDatabase]) async throws {
        let nodes = databases.map { LedgerStore(database: $0, entriesBetweenRollups: 3) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<24 {
                group.addTask {
                    for number in 0..<10 { try await nodes[task % 3].append(Self.entry(task * 10 + number)) }
                    try await nodes[task % 3].rollUp()
                    // A reader in between finds a sound state.
                    #expect(try await nodes[(task + 1) % 3].read { try $0.verify() }.differences == [])
                }
            }
            try await group.waitForAll()
        }
        let place = try await Self.place(nodes[0])
        #expect(place[0] == place[1])
        let total = try await nodes[1].read {
            try $0.dashboard(
                DashboardQuery(
                    from: Sample.noon.advanced(bySeconds: -100_000), to: Sample.noon.advanced(bySeconds: 100_000)))
        }
        #expect(total.totals.calls == 240 && total.totals.cost.total == Money(nanoUSD: 239 * 240 / 2))
        #expect(try await nodes[2].read { try $0.verify() }.differences == [])
        for node in nodes { await node.close() }
    }

    @Test("verify finds roll-ups that claim more entries than there are, and roll-ups that lack one")
    func edited() async throws {
        try await TemporaryLedger.with { ledger, place in
            for number in 1..<4 { try await ledger.append(Self.entry(number)) }
            try await ledger.rollUp()
            #expect(try await ledger.read { try $0.verify() }.differences == [])
            try place.edit("UPDATE rolled SET sequence = 4")
            #expect(
                try await ledger.read { try $0.verify() }.differences.map(\.description)
                    == ["the last entry in the roll-ups: kept number 4, the entries say number 3"])
            try place.edit("UPDATE rolled SET sequence = 2")
            #expect(try await ledger.read { try $0.verify() }.differences.count == 2)
        }
    }
}
