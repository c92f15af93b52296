import Domain

/// A budget with its number in the database.
struct BudgetLine {
    let id: Int64
    let budget: Budget

    var unit: BudgetUnit { budget.limit.unit }

    /// The refusal of an amount that the budget has no room for; nil where it has room, and always for zero.
    func refusal(of asked: Int64, used: BudgetTotal, at moment: Timestamp) -> BudgetRefusal? {
        let status = BudgetStatus(budget: budget, spent: used.spent, reserved: used.reserved)
        guard asked > max(status.left, 0) else { return nil }
        return BudgetRefusal(
            scope: budget.scope, window: budget.window, limit: budget.limit, spent: used.spent,
            reserved: used.reserved, asked: asked, resetsAt: budget.window.end(of: moment))
    }
}

/// Spent and reserved in a window or bucket.
struct BudgetTotal: Hashable {
    var spent: Int64
    var reserved: Int64

    static let zero = BudgetTotal(spent: 0, reserved: 0)

    /// Throws `overflow` for sums beyond 64 bits.
    mutating func add(spent: Int64 = 0, reserved: Int64 = 0, to scope: BudgetScope) throws(LedgerError) {
        let (spent, spentOverflow) = self.spent.addingReportingOverflow(spent)
        let (reserved, reservedOverflow) = self.reserved.addingReportingOverflow(reserved)
        guard !spentOverflow, !reservedOverflow else { throw .overflow("the budget of \(scope)") }
        self = BudgetTotal(spent: spent, reserved: reserved)
    }
}

/// The budgets of some scopes with their totals, and all arithmetic on them. A value without a database.
///
/// It is loaded for one operation or a group of them, changed in memory, and its changed totals are written. Each change
/// is done in all budgets or, where it throws, in none.
struct BudgetBook {
    /// A window or bucket of a budget: the budget's number and the start.
    struct Slot: Hashable {
        let budget: Int64
        let start: Int64
    }

    /// In the order of their numbers.
    private var lines: [BudgetScope: [BudgetLine]] = [:]
    /// By budget, then by start.
    private var totals: [Int64: [Int64: BudgetTotal]] = [:]
    /// The totals before each change, for `rollBack`.
    private var earlier: [(slot: Slot, total: BudgetTotal?)] = []
    /// Levels that changes have reached, each with the number of changes before it.
    private(set) var reached: [(mark: Int, level: ReachedLevel)] = []

    // MARK: Loading and writing

    mutating func load(_ line: BudgetLine) { lines[line.budget.scope, default: []].append(line) }

    mutating func load(_ total: BudgetTotal, of slot: Slot) { totals[slot.budget, default: [:]][slot.start] = total }

    /// Budgets whose use is the sum of many buckets.
    var rollingLines: [BudgetLine] {
        lines.values.joined().filter { $0.budget.window.bucketMilliseconds != nil }
    }

    /// The totals that are not as they were loaded.
    var changes: [(slot: Slot, total: BudgetTotal)] {
        Set(earlier.map(\.slot)).map { ($0, self[$0]) }
    }

    /// A point to roll back to.
    var mark: Int { earlier.count }

    mutating func rollBack(to mark: Int) {
        while earlier.count > mark {
            let (slot, total) = earlier.removeLast()
            totals[slot.budget, default: [:]][slot.start] = total
        }
        while let last = reached.last, last.mark >= mark { reached.removeLast() }
    }

    // MARK: Arithmetic

    /// The budgets of some scopes, in the order of the scopes, then of their numbers.
    func lines(of scopes: [BudgetScope]) -> [BudgetLine] { scopes.flatMap { lines[$0] ?? [] } }

    /// The default budgets of users that one of them has neither as its own nor as a copy yet.
    func missingDefaults(of user: String) -> [Budget] {
        let own = lines[.user(user)] ?? []
        return (lines[.eachUser] ?? []).map(\.budget).filter { shared in
            !own.contains { $0.unit == shared.limit.unit && $0.budget.window == shared.window }
        }
    }

    /// What counts against a budget at a moment: its window, or all buckets that a rolling window touches.
    func used(of line: BudgetLine, at moment: Timestamp) throws(LedgerError) -> BudgetTotal {
        let window = line.budget.window
        guard case .rolling = window else { return self[line.slot(at: moment)] }
        var used = BudgetTotal.zero
        let first = window.firstCounted(at: moment)
        // Buckets in the future, left by a clock that was ahead, count too.
        for (start, total) in totals[line.id] ?? [:] where start >= first {
            try used.add(spent: total.spent, reserved: total.reserved, to: line.budget.scope)
        }
        return used
    }

    /// Reserves amounts in all budgets of an account, or in none: throws `budgetExceeded` for the first hard budget
    /// without room. Returns the refusals of budgets in `warn` mode.
    mutating func reserve(
        _ bound: Amounts, for account: Attribution, at moment: Timestamp
    ) throws(LedgerError) -> [BudgetRefusal] {
        var warnings: [BudgetRefusal] = []
        var moves: [(Slot, BudgetTotal)] = []
        for line in lines(of: account.scopes) {
            let asked = bound[line.unit]
            if let refusal = line.refusal(of: asked, used: try used(of: line, at: moment), at: moment) {
                guard line.budget.mode == .warn else { throw .budgetExceeded(refusal) }
                warnings.append(refusal)
            }
            if asked == 0 { continue }
            let slot = line.slot(at: moment)
            var total = self[slot]
            try total.add(reserved: asked, to: line.budget.scope)
            moves.append((slot, total))
        }
        apply(moves)
        return warnings
    }

    /// Releases what `holder` has reserved and books amounts on `account`, mostly the same one.
    mutating func move(
        releasing bound: Amounts, of holder: Attribution, spending amounts: Amounts, on account: Attribution,
        at moment: Timestamp
    ) throws(LedgerError) {
        let held = holder.scopes
        let spent = account.scopes
        var moves: [(Slot, BudgetTotal)] = []
        var levels: [ReachedLevel] = []
        for line in lines(of: held == spent ? held : held + spent.filter { !held.contains($0) }) {
            let scope = line.budget.scope
            let freed = held.contains(scope) ? bound[line.unit] : 0
            let added = spent.contains(scope) ? amounts[line.unit] : 0
            if freed == 0, added == 0 { continue }
            let slot = line.slot(at: moment)
            var total = self[slot]
            try total.add(spent: added, reserved: -freed, to: scope)
            moves.append((slot, total))
            if added > 0 {
                let before = try used(of: line, at: moment).spent
                levels += ReachedLevel.passed(by: line, from: before, to: before &+ added, at: moment)
            }
        }
        let mark = earlier.count
        apply(moves)
        for level in levels { reached.append((mark, level)) }
    }

    private subscript(slot: Slot) -> BudgetTotal { totals[slot.budget]?[slot.start] ?? .zero }

    private mutating func apply(_ moves: [(Slot, BudgetTotal)]) {
        for (slot, total) in moves {
            earlier.append((slot, totals[slot.budget]?[slot.start]))
            totals[slot.budget, default: [:]][slot.start] = total
        }
    }
}

extension BudgetLine {
    /// The window or bucket that holds a moment.
    fileprivate func slot(at moment: Timestamp) -> BudgetBook.Slot {
        BudgetBook.Slot(budget: id, start: budget.window.start(of: moment))
    }
}

/// Which budgets and totals an operation or a group looks at.
struct BudgetNeeds {
    private(set) var scopes: Set<BudgetScope> = []
    /// Starts of the windows; 0 is that of budgets that never renew.
    private(set) var starts: Set<Int64> = [0]
    /// Rolling windows are read from here on.
    private(set) var earliest: Timestamp?
    private var accounts: Set<Attribution> = []
    private var days: Set<Int64> = []

    /// Adds the budgets of an account, and their totals in the windows of a moment.
    mutating func add(_ account: Attribution, at moment: Timestamp) {
        if accounts.insert(account).inserted {
            scopes.formUnion(account.scopes)
            if account.labels.user != nil { scopes.insert(.eachUser) }
        }
        add(at: moment)
    }

    /// Adds the budgets of some scopes, and their totals in the windows of a moment.
    mutating func add(_ scopes: some Sequence<BudgetScope>, at moment: Timestamp) {
        self.scopes.formUnion(scopes)
        add(at: moment)
    }

    private mutating func add(at moment: Timestamp) {
        earliest = earliest.map { min($0, moment) } ?? moment
        guard days.insert(BudgetWindow.day.start(of: moment)).inserted else { return }
        for window in [BudgetWindow.day, .week, .month] { starts.insert(window.start(of: moment)) }
    }
}
