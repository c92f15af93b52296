package import Domain
import Synchronization

/// A share of a budget that was used up, to tell the operator of: once for each budget, window and level.
package struct BudgetAlert: Hashable, Sendable {
    /// Unique; the same at each try to send it.
    package let id: String
    /// When the level was reached.
    package let at: Timestamp
    /// The scope of the budget.
    package let scope: BudgetScope
    /// Its limit at that time.
    package let limit: BudgetLimit
    /// Its window.
    package let window: BudgetWindow
    /// When the window began; nil for a budget without one.
    package let windowStart: Timestamp?
    /// Per cent of the limit.
    package let level: Int
    /// Spent in the window then, in the limit's unit.
    package let spent: Int64
    /// Whether a call was refused for want of room, which is the end of a hard budget.
    package let isRefusal: Bool

    /// The levels in per cent of the limit.
    package static let levels = [50, 80, 100]
    /// A refusal counts as the last level from here on. Before, it is a matter of the call's size.
    static let levelOfRefusals = 80
}

extension BudgetLimit {
    /// The smallest amount that is a level's share of the limit.
    func share(percent level: Int) -> Int64 {
        let (hundreds, rest) = amount.quotientAndRemainder(dividingBy: 100)
        return hundreds * Int64(level) + (rest * Int64(level) + 99) / 100
    }
}

extension BudgetWindow {
    /// The start of the span in which each level is told of once. A rolling window begins anew after its own length.
    func alertStart(of moment: Timestamp) -> Int64 {
        guard case .rolling(let seconds) = self else { return start(of: moment) }
        return moment.milliseconds.floored(to: seconds * 1000)
    }
}

/// A level that a change of totals has passed.
struct ReachedLevel {
    let line: BudgetLine
    let start: Int64
    let level: Int
    let spent: Int64
    var isRefusal = false

    /// The levels between two sums of what was spent.
    static func passed(
        by line: BudgetLine, from before: Int64, to after: Int64, at moment: Timestamp
    ) -> [ReachedLevel] {
        // The usual case, without an allocation.
        guard after > before, after >= line.budget.limit.share(percent: BudgetAlert.levels[0]) else { return [] }
        return BudgetAlert.levels.compactMap { level in
            let share = line.budget.limit.share(percent: level)
            guard before < share, share <= after, share > 0 else { return nil }
            return ReachedLevel(
                line: line, start: line.budget.window.alertStart(of: moment), level: level, spent: after)
        }
    }
}

/// Windows of budgets whose refusals this store has noted, so that a budget without room costs no write for each call.
final class RefusedBudgets: Sendable {
    private struct Window: Hashable {
        let scope: BudgetScope
        let limit: BudgetLimit
        let window: BudgetWindow
        let start: Int64
    }

    private let noted = Mutex<Set<Window>>([])
    private static let mostWindows = 10_000

    /// Whether a refusal is the first of its window.
    func isNew(_ refusal: BudgetRefusal, at moment: Timestamp) -> Bool {
        let window = Window(
            scope: refusal.scope, limit: refusal.limit, window: refusal.window,
            start: refusal.window.alertStart(of: moment))
        return noted.withLock { noted in
            if noted.count >= Self.mostWindows { noted.removeAll() }
            return noted.insert(window).inserted
        }
    }
}
