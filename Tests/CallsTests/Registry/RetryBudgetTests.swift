import Domain
import Testing

@testable import Calls

@Suite("The budget of retries")
struct RetryBudgetTests {
    private static let now = Timestamp(milliseconds: 1_800_000_000_000)

    /// The retries that are there at once, taken.
    private static func left(in budget: inout RetryBudget, after seconds: Double = 0) -> Int {
        var count = 0
        while budget.take(at: now.advanced(bySeconds: seconds)) { count += 1 }
        return count
    }

    @Test("a share of the calls, and a few for a model without many")
    func share() {
        var budget = RetryBudget()
        #expect(Self.left(in: &budget) == 5)
        var taken = 0
        for _ in 0..<1000 {
            budget.earn(at: Self.now)
            if budget.take(at: Self.now) { taken += 1 }
        }
        #expect(taken == 200)
    }

    @Test("no more than those of 100 calls are saved up")
    func most() {
        var budget = RetryBudget()
        for _ in 0..<10_000 { budget.earn(at: Self.now) }
        #expect(Self.left(in: &budget) == 20)
    }

    @Test("time gives a quiet model its few back, and no more; a clock that goes back takes nothing")
    func time() {
        var budget = RetryBudget()
        #expect(Self.left(in: &budget) == 5)
        #expect(Self.left(in: &budget, after: -100) == 0)
        #expect(Self.left(in: &budget, after: -80) == 2)
        #expect(Self.left(in: &budget, after: 10_000) == 5)
    }

    @Test("pauses are spread over their range")
    func pauses() {
        #expect(RetryPause.seconds(0) == 0.05 && abs(RetryPause.seconds(0.5) - 0.15) < 1e-9)
        #expect(RetryPause.seconds(0.999) < 0.25)
    }
}
