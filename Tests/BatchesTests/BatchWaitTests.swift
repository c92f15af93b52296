import Domain
import Ledger
import Testing

@testable import Batches

@Suite("Batch wait")
struct BatchWaitTests {
    /// 2026-11-21T12:00:00Z
    private static let noon = Timestamp(milliseconds: 1_795_262_400_000)
    private static let hour = 3600.0

    private static func status(_ window: BudgetWindow, spent: Int64 = 60) -> BudgetStatus {
        BudgetStatus(
            budget: Budget(scope: .key("k"), limit: .usd(Money(nanoUSD: 100)), window: window), spent: spent,
            reserved: 10)
    }

    @Test("a wait round-trips through the state of its batch")
    func kept() throws {
        var state = BatchState(terms: BatchOptions(budget: nil))
        #expect(BatchState(json: state.json) == state)
        state.wait = BatchWait(until: Self.noon, reason: "the budget of \"k\" has no room")
        #expect(BatchState(json: state.json) == state)
    }

    @Test(
        "the amount left until a deadline counts the windows that begin before it",
        arguments: [
            (BudgetWindow.none, 100.0, Int64(30)), (.day, 11, 30), (.day, 13, 130), (.day, 37, 230), (.month, 24, 30),
            (.month, 10 * 24, 130), (.week, 24 * 3, 130), (.rolling(seconds: 7200), 1, 30),
            (.rolling(seconds: 7200), 5, 230),
        ])
    func left(window: BudgetWindow, hours: Double, expected: Int64) {
        let deadline = Self.noon.advanced(bySeconds: hours * Self.hour)
        #expect(Self.status(window).left(until: deadline, now: Self.noon) == expected)
        #expect(Self.status(window).left(until: nil, now: Self.noon) == 30)
        #expect(Self.status(window, spent: 100).left(until: nil, now: Self.noon) == 0)
    }

    private static func refusal(
        _ window: BudgetWindow, asked: Int64 = 40
    ) -> BudgetRefusal {
        BudgetRefusal(
            scope: .key("k"), window: window, limit: .usd(Money(nanoUSD: 100)), spent: 90, reserved: 0, asked: asked,
            resetsAt: window.end(of: noon))
    }

    @Test("a wait ends with the window, if that precedes the deadline and the amount fits the limit")
    func waits() {
        let tomorrow = Self.noon.advanced(bySeconds: 24 * Self.hour)
        let wait = BatchWait(for: Self.refusal(.day), deadline: tomorrow, now: Self.noon)
        #expect(wait?.until == Self.noon.advanced(bySeconds: 12 * Self.hour))
        #expect(wait?.description.contains("the budget of key:k (day) has no room") == true)
        let rolling = BatchWait(for: Self.refusal(.rolling(seconds: 3600)), deadline: tomorrow, now: Self.noon)
        #expect(rolling?.until == Self.noon.advanced(bySeconds: 60), "the oldest of sixty spans")
        #expect(BatchWait(for: Self.refusal(.none), deadline: tomorrow, now: Self.noon) == nil)
        #expect(BatchWait(for: Self.refusal(.month), deadline: tomorrow, now: Self.noon) == nil, "too late")
        #expect(BatchWait(for: Self.refusal(.day), deadline: nil, now: Self.noon) == nil, "nobody gave it time")
        #expect(
            BatchWait(for: Self.refusal(.day, asked: 101), deadline: tomorrow, now: Self.noon) == nil,
            "more than any window holds")
    }
}
