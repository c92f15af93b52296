package import Domain
import Ledger

/// Wait of a batch for the next window of an exhausted budget.
package struct BatchWait: Hashable, Sendable, CustomStringConvertible {
    package let until: Timestamp
    /// The budget and its amounts.
    package let reason: String

    package var description: String { "waits until \(until) for money: \(reason)" }
}

extension BatchWait {
    /// The wait until a refusing budget has room; nil where waiting does not help or passes the deadline. A batch
    /// without deadline does not wait.
    init?(for refusal: BudgetRefusal, deadline: Timestamp?, now: Timestamp) {
        guard let deadline, refusal.asked <= refusal.limit.amount else { return nil }
        let until: Timestamp
        if let reset = refusal.resetsAt {
            until = reset
        } else if let bucket = refusal.window.bucketMilliseconds {
            // The oldest bucket leaves the rolling window then.
            until = Timestamp(milliseconds: now.milliseconds + bucket)
        } else {
            return nil
        }
        guard until < deadline else { return nil }
        self.init(until: until, reason: refusal.description)
    }
}

extension BudgetStatus {
    /// The amount left until a deadline in the unit of the budget, windows that begin before it included.
    func left(until deadline: Timestamp?, now: Timestamp) -> Int64 {
        let left = max(self.left, 0)
        guard let deadline else { return left }
        var windows: Int64 = 0
        if case .rolling(let seconds) = budget.window {
            windows = max(0, Int64(deadline.seconds - now.seconds)) / max(1, seconds)
        } else {
            var moment = now
            while let end = budget.window.end(of: moment), end < deadline, windows < 10_000 {
                windows += 1
                moment = end
            }
        }
        let (later, isGreat) = budget.limit.amount.multipliedReportingOverflow(by: windows)
        let (sum, isGreater) = left.addingReportingOverflow(later)
        return isGreat || isGreater ? .max : sum
    }
}
