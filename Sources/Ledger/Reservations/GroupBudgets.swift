import Domain

/// A total of a budget: the budget's number and the start of a window.
struct TotalKey: Hashable {
    let budget: Int64
    let start: Int64
}

/// What the database knows of the ids, scopes and windows of a group of operations, and what the group has changed of it.
///
/// Read once for the whole group, changed in memory by one operation after the other, written once.
struct GroupBudgets {
    /// Open reservations; nil for those that the group has ended.
    var open: [String: LedgerTransaction.ClosedReservation?] = [:]
    var entries: Set<String> = []
    var settled: Set<String> = []
    var decisions: Set<String> = []
    var steps: Set<String> = []
    var lines: [BudgetScope: [BudgetLine]] = [:]
    var totals: [TotalKey: BudgetTotal] = [:]
    /// What `lines` and `totals` were read for.
    private(set) var scopes: Set<BudgetScope> = []
    private(set) var starts: Set<Int64> = [0]
    private var accounts: Set<Attribution> = []
    private var days: Set<Int64> = []
    var newReservations: [[SQLValue]] = []
    var newEntries: [(id: String, row: [SQLValue])] = []
    var newDecisions: [(id: String, row: [SQLValue])] = []
    var newSteps: [(id: String, row: [SQLValue])] = []
    var newSessions: [SessionRecord] = []
    var ended: [(id: String, held: LedgerTransaction.ClosedReservation)] = []
    /// What totals were before each change.
    private var earlier: [(TotalKey, BudgetTotal?)] = []

    /// Asks for the budgets of an account, and for their totals in the windows of a moment.
    mutating func want(_ account: Attribution, at moment: Timestamp) {
        if accounts.insert(account).inserted { scopes.formUnion(account.scopes) }
        guard days.insert(BudgetWindow.day.start(of: moment)).inserted else { return }
        for window in [BudgetWindow.day, .week, .month] { starts.insert(window.start(of: moment)) }
    }

    mutating func set(_ total: BudgetTotal, of key: TotalKey) {
        earlier.append((key, totals[key]))
        totals[key] = total
    }

    var changed: Set<TotalKey> { Set(earlier.map(\.0)) }

    mutating func end(_ id: String, _ held: LedgerTransaction.ClosedReservation) {
        open[id] = .some(nil)
        ended.append((id, held))
    }

    /// The budgets of some scopes in their order; nil where one has a rolling window.
    func lines(of scopes: [BudgetScope]) -> [BudgetLine]? {
        let lines = scopes.flatMap { self.lines[$0] ?? [] }
        return lines.contains { $0.budget.window.bucketMilliseconds != nil } ? nil : lines
    }

    /// A place to go back to when a commit cannot be done whole.
    struct Place {
        fileprivate let entries: Int
        fileprivate let decisions: Int
        fileprivate let steps: Int
        fileprivate let sessions: Int
        fileprivate let ended: Int
        fileprivate let totals: Int
    }

    var place: Place {
        Place(
            entries: newEntries.count, decisions: newDecisions.count, steps: newSteps.count,
            sessions: newSessions.count, ended: ended.count, totals: earlier.count)
    }

    mutating func goBack(to place: Place) {
        while newEntries.count > place.entries { entries.remove(newEntries.removeLast().id) }
        while newDecisions.count > place.decisions { decisions.remove(newDecisions.removeLast().id) }
        while newSteps.count > place.steps { steps.remove(newSteps.removeLast().id) }
        newSessions.removeLast(newSessions.count - place.sessions)
        while ended.count > place.ended {
            let last = ended.removeLast()
            open[last.id] = last.held
        }
        while earlier.count > place.totals {
            let (key, total) = earlier.removeLast()
            totals[key] = total
        }
    }
}
