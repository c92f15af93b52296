import Domain
import Testing

@testable import Ledger

/// Clocks that are set back, or were ahead.
@Suite struct ClockTests {
    private static let limit = BudgetLimit.usd(Money(nanoUSD: 1000))

    @Test(
        "spending in a window counts again when the clock goes back into it",
        arguments: [(BudgetWindow.day, 86_400.0), (.week, 7 * 86_400), (.month, 31 * 86_400)])
    func windows(_ window: BudgetWindow, _ seconds: Double) async throws {
        try await TemporaryLedger.with { ledger, _ in
            try await ledger.write {
                try $0.setBudget(Budget(scope: .global, limit: Self.limit, window: window), at: Sample.noon)
            }
            try await Self.spend(900, "today", at: Sample.noon, on: ledger)
            let ahead = Sample.noon.advanced(bySeconds: seconds)
            try await Self.spend(800, "ahead", at: ahead, on: ledger)
            // The clock is set back: today's 900 are still gone, and so are the 800 of the window ahead.
            await #expect(throws: LedgerError.self) { try await Self.spend(101, "again", at: Sample.noon, on: ledger) }
            try await Self.spend(100, "rest", at: Sample.noon, on: ledger)
            await #expect(throws: LedgerError.self) { try await Self.spend(201, "then", at: ahead, on: ledger) }
            #expect(try await ledger.read { try $0.verify() }.differences == [])
        }
    }

    @Test("a rolling window counts spending in the future, so setting the clock back frees nothing")
    func rolling() async throws {
        try await TemporaryLedger.with { ledger, _ in
            try await ledger.write {
                try $0.setBudget(
                    Budget(scope: .global, limit: Self.limit, window: .rolling(seconds: 3600)), at: Sample.noon)
            }
            try await Self.spend(900, "ahead", at: Sample.noon, on: ledger)
            let before = Sample.noon.advanced(bySeconds: -7200)
            await #expect(throws: LedgerError.self) { try await Self.spend(101, "back", at: before, on: ledger) }
            try await Self.spend(100, "rest", at: before, on: ledger)
            #expect(try await ledger.read { try $0.verify() }.differences == [])
        }
    }

    @Test("a call settled by an earlier clock counts in the window of its reservation")
    func settledBefore() async throws {
        try await TemporaryLedger.with { ledger, _ in
            try await ledger.write {
                try $0.setBudget(Budget(scope: .global, limit: Self.limit, window: .day), at: Sample.noon)
            }
            let yesterday = Sample.noon.advanced(bySeconds: -86_400)
            _ = try await ledger.reserve(Sample.request("r", nanoUSD: 700))
            _ = try await ledger.settle("r", Sample.entry("r", nanoUSD: 600, at: yesterday))
            #expect(try await ledger.read { try $0.budgets(of: nil, at: Sample.noon) }.map(\.spent) == [600])
            #expect(try await ledger.read { try $0.budgets(of: nil, at: yesterday) }.map(\.spent) == [0])
            #expect(try await ledger.read { try $0.entry("r") }?.chargedAt == Sample.noon)
            #expect(try await ledger.read { try $0.verify() }.differences == [])
        }
    }

    @Test("a node whose clock is set back recovers a dead node's reservations once")
    func recovery() async throws {
        let place = try TemporaryLedger()
        defer { place.remove() }
        let first = try place.open()
        try await first.write {
            try $0.setBudget(Budget(scope: .global, limit: Self.limit, window: .day), at: Sample.noon)
        }
        _ = try await first.reserve(Sample.request("r", nanoUSD: 700))
        await first.close()
        let second = try place.open()
        let earlier = Sample.noon.advanced(bySeconds: -10 * 86_400)
        #expect(try await second.recover(at: earlier).map(\.id) == ["r"])
        #expect(try await second.recover(at: earlier).isEmpty)
        #expect(try await second.read { try $0.budgets(of: nil, at: Sample.noon) }.map(\.spent) == [700])
        #expect(try await second.read { try $0.verify() }.differences == [])
        await second.close()
    }

    private static func spend(_ nanoUSD: Int64, _ id: String, at moment: Timestamp, on ledger: LedgerStore) async throws
    {
        _ = try await ledger.reserve(Sample.request(id, nanoUSD: nanoUSD, at: moment))
        _ = try await ledger.settle(id, Sample.entry(id, nanoUSD: nanoUSD, at: moment))
    }
}
