/// What happens when a budget has no room.
package enum BudgetMode: String, CaseIterable, Hashable, Sendable {
    /// The reservation is refused.
    case hard
    /// The reservation is made and carries a warning.
    case warn
}

/// A limit on what a scope may use in a window. A scope can have one budget for each unit and window.
package struct Budget: Hashable, Sendable {
    package let scope: BudgetScope
    package let limit: BudgetLimit
    package let window: BudgetWindow
    package let mode: BudgetMode

    package init(scope: BudgetScope, limit: BudgetLimit, window: BudgetWindow = .none, mode: BudgetMode = .hard) {
        self.scope = scope
        self.limit = limit
        self.window = window
        self.mode = mode
    }
}

/// A budget and what is gone of it in its present window, all in the unit of the limit.
package struct BudgetStatus: Hashable, Sendable {
    package let budget: Budget
    package let spent: Int64
    package let reserved: Int64

    package init(budget: Budget, spent: Int64, reserved: Int64) {
        self.budget = budget
        self.spent = spent
        self.reserved = reserved
    }

    /// What can still be reserved; below zero where true costs have passed their reservations.
    package var left: Int64 {
        let (used, over) = spent.addingReportingOverflow(reserved)
        guard !over else { return .min }
        let (left, under) = budget.limit.amount.subtractingReportingOverflow(used)
        return under ? .min : left
    }
}
