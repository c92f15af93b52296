import Domain
import Testing

@testable import Ledger

@Suite("Alerts of budgets")
struct BudgetAlertTests {
    private static let from = Timestamp(milliseconds: 0)

    private static func budget(
        _ scope: BudgetScope = .job("job-1"), _ amount: Int64 = 1000, window: BudgetWindow = .day
    ) -> Budget {
        Budget(scope: scope, limit: .usd(Money(nanoUSD: amount)), window: window)
    }

    private static func set(_ budget: Budget, on ledger: LedgerStore) async throws {
        try await ledger.write { try $0.setBudget(budget, at: Sample.noon) }
    }

    private static func spend(
        _ nanoUSD: Int64, _ id: String, at moment: Timestamp = Sample.noon, on ledger: LedgerStore
    ) async throws {
        _ = try await ledger.reserve(Sample.request(id, nanoUSD: nanoUSD, at: moment))
        _ = try await ledger.settle(id, Sample.entry(id, nanoUSD: nanoUSD, at: moment))
    }

    private static func levels(_ ledger: LedgerStore) async throws -> [Int] {
        try await ledger.read { try $0.alerts(limit: 100) }.map(\.level).sorted()
    }

    /// Takes all alerts as sent.
    private static func take(_ ledger: LedgerStore) async throws -> [Int] {
        try await ledger.write { transaction in
            let alerts = try transaction.claimAlerts(from: from, pause: 60, at: .now(), limit: 100)
            for alert in alerts { try transaction.confirmAlert(alert.id, at: .now()) }
            return alerts.map(\.level).sorted()
        }
    }

    @Test("each level is noted once in a window, with what was spent", arguments: [false, true])
    func levels(onPostgreSQL: Bool) async throws {
        let body = { @Sendable (ledger: LedgerStore) async throws in
            try await Self.set(Self.budget(), on: ledger)
            for (index, (nanoUSD, expected)) in [
                (499, []), (1, [50]), (100, []), (200, [80]), (150, []), (50, [100]),
            ].enumerated() {
                try await Self.spend(Int64(nanoUSD), "r\(index)", on: ledger)
                #expect(try await Self.take(ledger) == expected, "after \(nanoUSD)")
            }
            let all = try await ledger.read { try $0.alerts(limit: 10) }
            #expect(all.map(\.spent).sorted() == [500, 800, 1000])
            #expect(Set(all.map(\.id)).count == 3 && all.allSatisfy { $0.scope == .job("job-1") && !$0.isRefusal })
            // The next window tells anew.
            try await Self.spend(600, "next", at: Sample.noon.advanced(bySeconds: 86_400), on: ledger)
            #expect(try await Self.take(ledger) == [50])
            #expect(try await ledger.read { try $0.verify() }.differences == [])
        }
        if onPostgreSQL {
            guard TemporaryPostgreSQL.isAvailable else { return }
            try await TemporaryPostgreSQL.with { server in
                let ledger = try LedgerStore.open(server.url)
                try await body(ledger)
                await ledger.close()
            }
        } else {
            try await TemporaryLedger.with { ledger, _ in try await body(ledger) }
        }
    }

    @Test("a call that passes several levels notes each")
    func several() async throws {
        try await TemporaryLedger.with { ledger, _ in
            try await Self.set(Self.budget(), on: ledger)
            try await Self.spend(850, "r", on: ledger)
            #expect(try await Self.levels(ledger) == [50, 80])
        }
    }

    @Test("a reservation notes nothing until it is spent")
    func reservations() async throws {
        try await TemporaryLedger.with { ledger, _ in
            try await Self.set(Self.budget(), on: ledger)
            _ = try await ledger.reserve(Sample.request("r", nanoUSD: 900))
            #expect(try await Self.levels(ledger).isEmpty)
            try await ledger.release("r")
            #expect(try await Self.levels(ledger).isEmpty)
        }
    }

    @Test("calls at the same time note each level once")
    func together() async throws {
        try await TemporaryLedger.with { ledger, _ in
            try await Self.set(Self.budget(.job("job-1"), 100_000), on: ledger)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<64 {
                    group.addTask { try await Self.spend(1500, "r\(number)", on: ledger) }
                }
                try await group.waitForAll()
            }
            #expect(try await Self.levels(ledger) == [50, 80])
        }
    }

    @Test("a hard budget that is nearly used up and refuses a call has reached its end")
    func refusal() async throws {
        try await TemporaryLedger.with { ledger, _ in
            try await Self.set(Self.budget(), on: ledger)
            _ = try? await ledger.reserve(Sample.request("large", nanoUSD: 2000))
            #expect(try await Self.levels(ledger).isEmpty, "a call that never had room says nothing of the budget")
            try await Self.spend(900, "r", on: ledger)
            for number in 0..<3 { _ = try? await ledger.reserve(Sample.request("s\(number)", nanoUSD: 200)) }
            #expect(try await Self.levels(ledger) == [50, 80, 100])
            #expect(try await ledger.read { try $0.alerts(limit: 1) }.first?.isRefusal == true)
        }
    }

    @Test("a new limit tells of its own levels, and a removed budget of none")
    func changed() async throws {
        try await TemporaryLedger.with { ledger, _ in
            try await Self.set(Self.budget(), on: ledger)
            try await Self.spend(600, "r", on: ledger)
            #expect(try await Self.take(ledger) == [50])
            try await Self.set(Self.budget(.job("job-1"), 10_000), on: ledger)
            #expect(try await Self.take(ledger).isEmpty)
            try await Self.set(Self.budget(.job("job-1"), 700), on: ledger)
            #expect(try await Self.take(ledger) == [50, 80])
            try await Self.spend(50, "s", on: ledger)
            #expect(try await Self.take(ledger).isEmpty)
            try await ledger.write { try $0.removeBudget(scope: .job("job-1"), unit: .usd, window: .day) }
            #expect(try await Self.levels(ledger).isEmpty)
        }
    }

    @Test("a rolling window tells of a level once in its length")
    func rolling() async throws {
        try await TemporaryLedger.with { ledger, _ in
            try await Self.set(Self.budget(window: .rolling(seconds: 3600)), on: ledger)
            for (number, (seconds, levels)) in [(0.0, [50]), (300, []), (7300, [50])].enumerated() {
                let moment = Sample.noon.advanced(bySeconds: seconds)
                try await Self.spend(number == 1 ? 100 : 600, "r\(number)", at: moment, on: ledger)
                #expect(try await Self.take(ledger) == levels)
            }
        }
    }

    @Test("an alert is kept over a restart until it is sent, and one node at a time tries")
    func claims() async throws {
        let place = try TemporaryLedger()
        defer { place.remove() }
        let first = try place.open()
        try await Self.set(Self.budget(), on: first)
        try await Self.spend(600, "r", on: first)
        let now = Timestamp.now()
        let claim = { @Sendable (ledger: LedgerStore, seconds: Double) in
            let moment = now.advanced(bySeconds: seconds)
            return try await ledger.write { try $0.claimAlerts(from: Self.from, pause: 60, at: moment, limit: 9) }
        }
        let alert = try #require(try await claim(first, 0).first)
        await first.close()
        let second = try place.open()
        #expect(try await claim(second, 30).isEmpty)
        #expect(try await claim(second, 61) == [alert])
        try await second.write { try $0.confirmAlert(alert.id, at: now) }
        #expect(try await claim(second, 600).isEmpty)
        // Old windows are forgotten, so that the table does not grow.
        try await second.sweep(at: now.advanced(bySeconds: 41 * 86_400))
        #expect(try await Self.levels(second).isEmpty)
        await second.close()
    }
}
