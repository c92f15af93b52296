import Domain

@testable import Ledger

/// A reference model of the ledger's rules: lists, and sums over them for every figure.
struct ReplayLedger {
    private(set) var budgets: [Budget] = []
    private(set) var open: [ReservationRequest] = []
    private(set) var entries: [LedgerEntry] = []

    /// Entries and reservations count in the window (or rolling bucket) of the moment that they were charged at.
    private func used(of budget: Budget, at moment: Timestamp) -> BudgetTotal {
        let window = budget.window
        func counts(_ charged: Timestamp) -> Bool {
            if case .rolling = window { return window.start(of: charged) >= window.firstCounted(at: moment) }
            return window.start(of: charged) == window.start(of: moment)
        }
        var total = BudgetTotal.zero
        for entry in entries where entry.call.attribution.scopes.contains(budget.scope) && counts(entry.chargedAt) {
            total.spent += amounts(of: entry)[budget.limit.unit]
        }
        for request in open where request.call.attribution.scopes.contains(budget.scope) && counts(request.at) {
            total.reserved += request.upperBound[budget.limit.unit]
        }
        return total
    }

    private func amounts(of entry: LedgerEntry) -> Amounts {
        let result = entry.result
        return Amounts(
            money: result.figures.cost.total, tokens: Int64(result.usage.promptTokens + result.usage.completionTokens),
            microjoules: Int64((result.figures.energyJoules * 1e6).rounded()))
    }

    mutating func setBudget(_ budget: Budget) {
        budgets.removeAll {
            $0.scope == budget.scope && $0.window == budget.window && $0.limit.unit == budget.limit.unit
        }
        budgets.append(budget)
    }

    mutating func removeBudget(_ budget: Budget) { budgets.removeAll { $0 == budget } }

    func status(at moment: Timestamp) -> Set<BudgetStatus> {
        Set(
            budgets.map { budget in
                let used = used(of: budget, at: moment)
                return BudgetStatus(budget: budget, spent: used.spent, reserved: used.reserved)
            })
    }

    /// Whether the reservation was made, and the scopes of budgets that only warn.
    mutating func reserve(_ request: ReservationRequest) -> (made: Bool, warnings: Set<BudgetScope>) {
        var warnings: Set<BudgetScope> = []
        for budget in budgets where request.call.attribution.scopes.contains(budget.scope) {
            let used = used(of: budget, at: request.at)
            let asked = request.upperBound[budget.limit.unit]
            if asked > 0, used.spent + used.reserved + asked > budget.limit.amount {
                if budget.mode == .hard { return (false, []) }
                warnings.insert(budget.scope)
            }
        }
        open.append(request)
        return (true, warnings)
    }

    mutating func settle(_ id: String, _ entry: LedgerEntry) {
        guard let index = open.firstIndex(where: { $0.id == id }) else { return }
        var entry = entry
        entry.chargedAt = open.remove(at: index).at
        entries.append(entry)
    }

    mutating func release(_ id: String) { open.removeAll { $0.id == id } }

    mutating func append(_ entry: LedgerEntry) { entries.append(entry) }

    /// The sums of a dashboard without groups, or of one group.
    func sums(from: Timestamp, to: Timestamp, where condition: (LedgerEntry) -> Bool) -> DashboardSums {
        var sums = EntrySums()
        for entry in entries where entry.chargedAt >= from && entry.chargedAt < to && condition(entry) {
            guard let figures = try? EntryFigures(entry) else { continue }
            sums.add(EntrySums(figures))
        }
        return DashboardSums(sums)
    }
}
