package import Domain

extension LedgerMigration {
    /// `budget_total` has the totals of each window or bucket by its start.
    static let budgetTables: [String] = [
        "CREATE TABLE budget (id {serial}, scope TEXT NOT NULL, unit TEXT NOT NULL, period TEXT NOT NULL, "
            + "mode TEXT NOT NULL, amount {integer} NOT NULL, changed_at {integer} NOT NULL, "
            + "UNIQUE (scope, unit, period)){strict}",
        "CREATE TABLE budget_total (budget {integer} NOT NULL, start {integer} NOT NULL, spent {integer} NOT NULL, "
            + "reserved {integer} NOT NULL, PRIMARY KEY (budget, start)){keyed}",
    ]
}

/// A budget with its number in the database.
struct BudgetLine {
    let id: Int64
    let budget: Budget

    var unit: BudgetUnit { budget.limit.unit }
}

/// Spent and reserved in a window or bucket.
struct BudgetTotal: Hashable {
    var spent: Int64
    var reserved: Int64

    static let zero = BudgetTotal(spent: 0, reserved: 0)
}

extension LedgerTransaction {
    static let budgetColumns = "id, scope, unit, period, mode, amount"
    /// Writes totals over what they were.
    static let totalInsertion = SQLInsertion(
        table: "budget_total", columns: ["budget", "start", "spent", "reserved"],
        types: Array(repeating: .bigint, count: 4),
        conflict: " ON CONFLICT (budget, start) DO UPDATE SET spent = excluded.spent, reserved = excluded.reserved")

    /// What asks for the budgets of some scopes, and for what is gone of them in the windows of a moment.
    func budgetQuery(of scopes: [BudgetScope], at moment: Timestamp) -> SQLQuery {
        // Always the same number of parameters, so that the statement is prepared once.
        let texts = scopes.map(\.description)
        let padded = texts + Array(repeating: "global", count: max(0, 6 - texts.count))
        let starts = [BudgetWindow.day, .week, .month].map { SQLValue.integer($0.start(of: moment)) }
        return SQLQuery(
            "SELECT \(Self.budgetColumns), spent, reserved FROM budget LEFT JOIN budget_total ON budget = id "
                + "AND start = CASE period WHEN 'none' THEN 0 WHEN 'day' THEN ? WHEN 'week' THEN ? WHEN 'month' THEN ? "
                + "END WHERE scope IN (\(Self.placeholders(padded.count)))", starts + padded.map { .text($0) })
    }

    /// Reads what `budgetQuery` gave, in the order of the scopes. Rolling windows, which are sums, come without total.
    func budgetLines(
        _ result: SQLResult, of scopes: [BudgetScope]
    ) throws(LedgerError) -> [(line: BudgetLine, total: BudgetTotal)] {
        var lines: [(line: BudgetLine, total: BudgetTotal)] = []
        for row in result.rows {
            let total = BudgetTotal(spent: row.integer(6), reserved: row.integer(7))
            lines.append((try Self.decodeBudget(row), total))
        }
        guard lines.count > 1 else { return lines }
        let rank = Dictionary(scopes.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        return lines.sorted { left, right in
            let (first, second) = (rank[left.line.budget.scope] ?? 0, rank[right.line.budget.scope] ?? 0)
            return (first, left.line.id) < (second, right.line.id)
        }
    }

    func allBudgetLines() throws(LedgerError) -> [BudgetLine] {
        var lines: [BudgetLine] = []
        for row in try connection.rows("SELECT \(Self.budgetColumns) FROM budget ORDER BY scope, id", []) {
            lines.append(try Self.decodeBudget(row))
        }
        return lines
    }

    static func decodeBudget(_ row: SQLRow) throws(LedgerError) -> BudgetLine {
        guard let scope = BudgetScope(row.text(1)), let unit = BudgetUnit(rawValue: row.text(2)),
            let window = BudgetWindow(row.text(3)), let mode = BudgetMode(rawValue: row.text(4))
        else { throw .database("budget \(row.integer(0)) is not one that this version knows") }
        let limit = BudgetLimit(unit: unit, amount: row.integer(5))
        return BudgetLine(id: row.integer(0), budget: Budget(scope: scope, limit: limit, window: window, mode: mode))
    }

    /// The total of one window or bucket.
    func total(of line: BudgetLine, start: Int64) throws(LedgerError) -> BudgetTotal {
        let row = try connection.row(
            "SELECT spent, reserved FROM budget_total WHERE budget = ? AND start = ?",
            [.integer(line.id), .integer(start)])
        return row.map { BudgetTotal(spent: $0.integer(0), reserved: $0.integer(1)) } ?? .zero
    }

    func setTotal(_ total: BudgetTotal, of line: BudgetLine, start: Int64) throws(LedgerError) {
        try setTotal(total, of: line.id, start: start)
    }

    func setTotal(_ total: BudgetTotal, of budget: Int64, start: Int64) throws(LedgerError) {
        try connection.post(
            Self.totalInsertion.single,
            [.integer(budget), .integer(start), .integer(total.spent), .integer(total.reserved)])
    }

    /// What counts against a budget at a moment: its window, or all buckets that a rolling window touches.
    func used(of line: BudgetLine, at moment: Timestamp) throws(LedgerError) -> BudgetTotal {
        let window = line.budget.window
        guard case .rolling = window else { return try total(of: line, start: window.start(of: moment)) }
        var used = BudgetTotal.zero
        // Buckets in the future, left by a clock that was ahead, count too.
        let buckets = try connection.rows(
            "SELECT spent, reserved FROM budget_total WHERE budget = ? AND start >= ?",
            [.integer(line.id), .integer(window.firstCounted(at: moment))])
        for bucket in buckets {
            used.spent = try Self.sum(used.spent, bucket.integer(0), "the budget of \(line.budget.scope)")
            used.reserved = try Self.sum(used.reserved, bucket.integer(1), "the budget of \(line.budget.scope)")
        }
        return used
    }

    static func sum(_ left: Int64, _ right: Int64, _ what: String) throws(LedgerError) -> Int64 {
        let (sum, overflow) = left.addingReportingOverflow(right)
        guard !overflow else { throw .overflow(what) }
        return sum
    }

    /// Sets or changes the budget of a scope, unit and window. What the scope has used so far counts.
    package mutating func setBudget(_ budget: Budget, at moment: Timestamp) throws(LedgerError) {
        guard budget.limit.amount >= 0 else { throw .invalid("a budget below zero (\(budget.limit.amount))") }
        let scope = budget.scope.description
        guard BudgetScope(scope) == budget.scope, BudgetWindow(budget.window.description) == budget.window else {
            throw .invalid("a budget of '\(scope)' for '\(budget.window)': ids must not be empty, seconds be positive")
        }
        notify(.budget(budget.scope))
        let key: [SQLValue] = [
            .text(scope), .text(budget.limit.unit.rawValue), .text(budget.window.description),
        ]
        let changed = try connection.execute(
            "UPDATE budget SET mode = ?, amount = ?, changed_at = ? WHERE scope = ? AND unit = ? AND period = ?",
            [.text(budget.mode.rawValue), .integer(budget.limit.amount), .integer(moment.milliseconds)] + key)
        if changed > 0 { return }
        let row = try connection.row(
            "INSERT INTO budget (scope, unit, period, mode, amount, changed_at) VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
            key + [.text(budget.mode.rawValue), .integer(budget.limit.amount), .integer(moment.milliseconds)])
        let line = BudgetLine(id: row?.integer(0) ?? 0, budget: budget)
        // What was used before there was a budget counts: totals are always those of all entries.
        for (start, total) in try recomputedTotals(of: line, from: Self.quickSource(for: budget)) {
            try setTotal(total, of: line, start: start)
        }
    }

    /// Removes a budget; throws `notFound` where there is none.
    package mutating func removeBudget(
        scope: BudgetScope, unit: BudgetUnit, window: BudgetWindow
    ) throws(LedgerError) {
        let key: [SQLValue] = [.text(scope.description), .text(unit.rawValue), .text(window.description)]
        let row = try connection.row(
            "DELETE FROM budget WHERE scope = ? AND unit = ? AND period = ? RETURNING id", key)
        guard let row else { throw .notFound(kind: "budget", id: "\(scope) \(unit.rawValue) \(window)") }
        try connection.execute("DELETE FROM budget_total WHERE budget = ?", [row[0]])
        notify(.budget(scope))
    }

    /// All budgets of some scopes (of every scope for nil), with their use at a moment.
    package func budgets(of scopes: [BudgetScope]?, at moment: Timestamp) throws(LedgerError) -> [BudgetStatus] {
        var statuses: [BudgetStatus] = []
        for line in try allBudgetLines() where scopes?.contains(line.budget.scope) ?? true {
            let used = try used(of: line, at: moment)
            statuses.append(BudgetStatus(budget: line.budget, spent: used.spent, reserved: used.reserved))
        }
        return statuses
    }

    /// Where spent amounts are summed from.
    enum TotalSource {
        case entries
        /// The days' roll-ups, which know no jobs, sessions and batches, and the entries behind them.
        case rollups
    }

    /// The roll-ups wherever they know the scope, so that the writer need not read a large ledger whole.
    private static func quickSource(for budget: Budget) -> TotalSource {
        switch (budget.scope, budget.window) {
        case (_, .rolling), (.job, _), (.session, _), (.batch, _): .entries
        case (.global, _), (.team, _), (.key, _): .rollups
        }
    }

    /// The totals of a budget by window start, from the entries (or their roll-ups) and the open reservations alone.
    mutating func recomputedTotals(
        of line: BudgetLine, from source: TotalSource = .entries
    ) throws(LedgerError) -> [Int64: BudgetTotal] {
        let window = line.budget.window
        // Days, weeks and months are whole days, so that sums by day or by bucket are enough.
        let span = window.bucketMilliseconds ?? RollupSlot.dayMilliseconds
        var condition = "1 = 1"
        var arguments: [SQLValue] = []
        if let (column, id) = try scopeCondition(line.budget.scope) {
            condition = "\(column) = ?"
            arguments.append(.integer(id))
        }
        let (spent, reserved) = Self.expressions(of: line.unit)
        let ofEntries = "SELECT charged_at / \(span) AS bucket, \(spent) AS spent FROM entry WHERE \(condition)"
        let (booked, bookedArguments) =
            switch source {
            case .entries: (ofEntries, arguments)
            // In one statement, since the roll-ups follow the entries at any moment.
            case .rollups:
                (
                    "SELECT start / \(span) AS bucket, \(spent) AS spent FROM rollup_sum "
                        + "WHERE span = \(RollupSlot.dayMilliseconds) AND \(condition) UNION ALL "
                        + "\(ofEntries) AND sequence > COALESCE((SELECT sequence FROM rolled), 0)",
                    arguments + arguments
                )
            }
        var totals: [Int64: BudgetTotal] = [:]
        let what = "the budget of \(line.budget.scope)"
        for row in try connection.rows(
            "SELECT bucket, CAST(SUM(spent) AS BIGINT) FROM (\(booked)) AS booked GROUP BY 1", bookedArguments)
        {
            let start = window.start(of: Timestamp(milliseconds: row.integer(0) * span))
            totals[start, default: .zero].spent = try Self.sum(totals[start]?.spent ?? 0, row.integer(1), what)
        }
        for row in try connection.rows(
            "SELECT at / \(span) AS bucket, CAST(SUM(\(reserved)) AS BIGINT) FROM reservation WHERE \(condition) "
                + "GROUP BY 1", arguments)
        {
            let start = window.start(of: Timestamp(milliseconds: row.integer(0) * span))
            totals[start, default: .zero].reserved = try Self.sum(totals[start]?.reserved ?? 0, row.integer(1), what)
        }
        return totals
    }

    /// The column that entries and reservations name a scope by, and its value; nil for the global scope.
    private mutating func scopeCondition(_ scope: BudgetScope) throws(LedgerError) -> (String, Int64)? {
        let (column, id) =
            switch scope {
            case .global: ("", "")
            case .team(let id): ("team", id)
            case .key(let id): ("api_key", id)
            case .session(let id): ("session", id)
            case .job(let id): ("job", id)
            case .batch(let id): ("batch", id)
            }
        if column.isEmpty { return nil }
        // No name has the number -1: nothing was ever booked on the scope.
        return (column, try names.existingID(id, on: connection) ?? -1)
    }

    /// What a budget of a unit counts, over the entries and over the reservations.
    private static func expressions(of unit: BudgetUnit) -> (spent: String, reserved: String) {
        switch unit {
        case .usd: ("api + energy_cost + hardware", "bound_nano")
        case .tokens:
            (
                "input + cached_read + cache_write_5m + cache_write_1h + audio_input + output + reasoning + audio_output",
                "bound_tokens"
            )
        case .joules: ("energy_uj", "bound_uj")
        }
    }
}
