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

    /// Levels that budgets have reached, to tell of: one row for each budget, window and level. `start` is the window's.
    static let budgetAlerts: [String] = [
        "CREATE TABLE budget_alert (budget {integer} NOT NULL, start {integer} NOT NULL, level {integer} NOT NULL, "
            + "id TEXT NOT NULL, at {integer} NOT NULL, scope TEXT NOT NULL, unit TEXT NOT NULL, period TEXT NOT NULL, "
            + "amount {integer} NOT NULL, spent {integer} NOT NULL, refused {integer} NOT NULL, tried_at {integer}, "
            + "sent_at {integer}, PRIMARY KEY (budget, start, level)){keyed}",
        "CREATE INDEX budget_alert_at ON budget_alert (at)",
    ]
}

extension LedgerTransaction {
    static let budgetColumns = "id, scope, unit, period, mode, amount"
    /// Overwrites totals.
    static let totalInsertion = SQLInsertion(
        table: "budget_total", columns: ["budget", "start", "spent", "reserved"],
        types: Array(repeating: .bigint, count: 4),
        conflict: " ON CONFLICT (budget, start) DO UPDATE SET spent = excluded.spent, reserved = excluded.reserved")

    // MARK: Book

    private static let bookStatement = SQLListStatement(.bigint, .text) {
        "SELECT \(budgetColumns), start, spent, reserved FROM budget LEFT JOIN budget_total "
            + "ON budget = id AND start \($0) WHERE scope \($1) ORDER BY id"
    }

    /// Loads the budgets and totals that an operation looks at.
    func budgetBook(for needs: BudgetNeeds) throws(LedgerError) -> BudgetBook {
        var book = try budgetBook(try connection.results(bookQueries(for: needs))[...])
        try loadBuckets(for: needs, into: &book)
        return book
    }

    /// Scopes that SQLite is asked for one by one: most have no budget, and a list costs a temporary table.
    private static let mostLoneScopes = 4

    /// Asks for budgets with their totals: a row for each total, or one without.
    func bookQueries(for needs: BudgetNeeds) -> [SQLQuery] {
        let dialect = connection.dialect
        let scopes = needs.scopes.map(\.description)
        let starts = SQLList(integers: needs.starts, in: dialect)
        guard dialect == .sqlite, scopes.count <= Self.mostLoneScopes else {
            return [Self.bookStatement.query(starts, SQLList(texts: scopes, in: dialect), in: dialect)]
        }
        return scopes.map { Self.bookStatement.query(starts, SQLList(texts: [$0], in: dialect), in: dialect) }
    }

    /// Reads the results of `bookQueries`; `loadBuckets` completes it.
    func budgetBook(_ results: ArraySlice<SQLResult>) throws(LedgerError) -> BudgetBook {
        var book = BudgetBook()
        var last: Int64?
        var rows = results.flatMap(\.rows)
        if results.count > 1 { rows.sort { $0.integer(0) < $1.integer(0) } }
        for row in rows {
            let id = row.integer(0)
            if id != last { book.load(try Self.decodeBudget(row)) }
            last = id
            guard let start = row.optionalInteger(6) else { continue }
            book.load(
                BudgetTotal(spent: row.integer(7), reserved: row.integer(8)),
                of: BudgetBook.Slot(budget: id, start: start))
        }
        return book
    }

    /// Loads the buckets of rolling windows, in a query of its own since most books have none.
    func loadBuckets(for needs: BudgetNeeds, into book: inout BudgetBook) throws(LedgerError) {
        let rolling = book.rollingLines
        guard let earliest = needs.earliest,
            let first = rolling.map({ $0.budget.window.firstCounted(at: earliest) }).min()
        else { return }
        let dialect = connection.dialect
        let ids = SQLList(integers: rolling.map(\.id), in: dialect)
        let rows = try connection.rows(
            "SELECT budget, start, spent, reserved FROM budget_total WHERE budget \(ids.isAny(in: dialect)) "
                + "AND start >= ?", [ids.argument, .integer(first)])
        for row in rows {
            book.load(
                BudgetTotal(spent: row.integer(2), reserved: row.integer(3)),
                of: BudgetBook.Slot(budget: row.integer(0), start: row.integer(1)))
        }
    }

    /// Writes the changed totals, and the levels of budgets that they have reached.
    func write(_ book: BudgetBook) throws(LedgerError) {
        let rows = book.changes.map { slot, total in
            [slot.budget, slot.start, total.spent, total.reserved].map { SQLValue.integer($0) }
        }
        try connection.insert(rows, Self.totalInsertion)
        if !book.reached.isEmpty { try note(book.reached.map(\.level)) }
    }

    /// Releases and books amounts as an operation of its own.
    func move(
        releasing bound: Amounts, of holder: Attribution, spending amounts: Amounts, on account: Attribution,
        at moment: Timestamp
    ) throws(LedgerError) {
        var needs = BudgetNeeds()
        needs.add(holder, at: moment)
        needs.add(account, at: moment)
        var book = try budgetBook(for: needs)
        try book.move(releasing: bound, of: holder, spending: amounts, on: account, at: moment)
        try write(book)
    }

    // MARK: Budgets

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

    /// Sets or changes the budget of a scope, unit and window. What the scope has used so far counts.
    package mutating func setBudget(_ budget: Budget, at moment: Timestamp) throws(LedgerError) {
        guard budget.limit.amount >= 0 else { throw .invalid("a budget below zero (\(budget.limit.amount))") }
        let scope = budget.scope.description
        guard BudgetScope(scope) == budget.scope, BudgetWindow(budget.window.description) == budget.window else {
            throw .invalid("a budget of '\(scope)' for '\(budget.window)': ids must not be empty, seconds be positive")
        }
        notify(.budget(budget.scope))
        let kind: [SQLValue] = [.text(budget.limit.unit.rawValue), .text(budget.window.description)]
        let limit: [SQLValue] = [
            .text(budget.mode.rawValue), .integer(budget.limit.amount), .integer(moment.milliseconds),
        ]
        if budget.scope == .eachUser {
            try connection.execute(
                "UPDATE budget SET mode = ?, amount = ?, changed_at = ? WHERE inherited = 1 AND unit = ? AND period = ?",
                limit + kind)
        }
        let changed = try connection.execute(
            "UPDATE budget SET mode = ?, amount = ?, changed_at = ?, inherited = 0 "
                + "WHERE scope = ? AND unit = ? AND period = ?", limit + [.text(scope)] + kind)
        if changed == 0 { try insert(budget, isInherited: false, at: moment) }
        try noteLevels(of: budget, at: moment)
    }

    /// Gives a user a copy of each default budget (`user:*`) that it lacks; false if it lacks none.
    mutating func inheritBudgets(_ user: String, at moment: Timestamp) throws(LedgerError) -> Bool {
        var needs = BudgetNeeds()
        needs.add([.eachUser, .user(user)], at: moment)
        let missing = try budgetBook(for: needs).missingDefaults(of: user)
        for shared in missing {
            let own = Budget(scope: .user(user), limit: shared.limit, window: shared.window, mode: shared.mode)
            try insert(own, isInherited: true, at: moment)
            try noteLevels(of: own, at: moment)
        }
        return !missing.isEmpty
    }

    private mutating func insert(_ budget: Budget, isInherited: Bool, at moment: Timestamp) throws(LedgerError) {
        let row = try connection.row(
            "INSERT INTO budget (scope, unit, period, mode, amount, changed_at, inherited) "
                + "VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
            [
                .text(budget.scope.description), .text(budget.limit.unit.rawValue), .text(budget.window.description),
                .text(budget.mode.rawValue), .integer(budget.limit.amount), .integer(moment.milliseconds),
                .integer(isInherited ? 1 : 0),
            ])
        let line = BudgetLine(id: row?.integer(0) ?? 0, budget: budget)
        // Use from before the budget counts: totals are always those of all entries.
        for (start, total) in try recomputedTotals(of: line, from: Self.quickSource(for: budget)) {
            try connection.enqueue(
                Self.totalInsertion.single,
                [.integer(line.id), .integer(start), .integer(total.spent), .integer(total.reserved)])
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
        for table in ["budget_total", "budget_alert"] {
            try connection.execute("DELETE FROM \(table) WHERE budget = ?", [row[0]])
        }
        if scope == .eachUser {
            let copies = "SELECT id FROM budget WHERE inherited = 1 AND unit = ? AND period = ?"
            let kind: [SQLValue] = [.text(unit.rawValue), .text(window.description)]
            for table in ["budget_total", "budget_alert"] {
                try connection.execute("DELETE FROM \(table) WHERE budget IN (\(copies))", kind)
            }
            try connection.execute("DELETE FROM budget WHERE id IN (\(copies))", kind)
        }
        notify(.budget(scope))
    }

    /// All budgets of some scopes (of every scope for nil), with their use at a moment.
    package func budgets(of scopes: [BudgetScope]?, at moment: Timestamp) throws(LedgerError) -> [BudgetStatus] {
        var needs = BudgetNeeds()
        // There may be very many budgets of sessions, so those of known scopes are read by the index of scopes.
        if let scopes {
            needs.add(scopes, at: moment)
        } else {
            needs.add(try allBudgetLines().map(\.budget.scope), at: moment)
        }
        let book = try budgetBook(for: needs)
        var statuses: [BudgetStatus] = []
        for line in book.lines(of: needs.scopes.sorted { $0.description < $1.description }) {
            let used = try book.used(of: line, at: moment)
            statuses.append(BudgetStatus(budget: line.budget, spent: used.spent, reserved: used.reserved))
        }
        return statuses
    }

    /// The source of spent sums.
    enum TotalSource {
        case entries
        /// The daily roll-ups, which lack jobs, sessions and batches, and the entries behind them.
        case rollups
    }

    /// Prefers the roll-ups, so that the writer need not read all entries of a large ledger.
    private static func quickSource(for budget: Budget) -> TotalSource {
        switch (budget.scope, budget.window) {
        case (_, .rolling), (.job, _), (.session, _), (.batch, _), (.user, _), (.eachUser, _), (.tag, _): .entries
        case (.global, _), (.team, _), (.key, _): .rollups
        }
    }

    /// The totals of a budget by window start, from the entries (or their roll-ups) and the open reservations alone.
    mutating func recomputedTotals(
        of line: BudgetLine, from source: TotalSource = .entries
    ) throws(LedgerError) -> [Int64: BudgetTotal] {
        let window = line.budget.window
        // Weeks and months are whole days, so sums by day or by bucket are enough.
        let span = window.bucketMilliseconds ?? RollupSlot.dayMilliseconds
        var condition = "1 = 1"
        var arguments: [SQLValue] = []
        if let (ofScope, id) = try scopeCondition(line.budget.scope) {
            condition = ofScope
            arguments.append(.integer(id))
        }
        let (spent, reserved) = Self.expressions(of: line.unit)
        let ofEntries = "SELECT charged_at / \(span) AS bucket, \(spent) AS spent FROM entry WHERE \(condition)"
        let (booked, bookedArguments) =
            switch source {
            case .entries: (ofEntries, arguments)
            // In one statement, since the roll-ups may advance between two.
            case .rollups:
                (
                    "SELECT start / \(span) AS bucket, \(spent) AS spent FROM rollup_sum "
                        + "WHERE span = \(RollupSlot.dayMilliseconds) AND \(condition) UNION ALL "
                        + "\(ofEntries) AND sequence > COALESCE((SELECT sequence FROM rolled), 0)",
                    arguments + arguments
                )
            }
        var totals: [Int64: BudgetTotal] = [:]
        let scope = line.budget.scope
        for row in try connection.rows(
            "SELECT bucket, CAST(SUM(spent) AS BIGINT) FROM (\(booked)) AS booked GROUP BY 1", bookedArguments)
        {
            let start = window.start(of: Timestamp(milliseconds: row.integer(0) * span))
            try totals[start, default: .zero].add(spent: row.integer(1), to: scope)
        }
        for row in try connection.rows(
            "SELECT at / \(span) AS bucket, CAST(SUM(\(reserved)) AS BIGINT) FROM reservation WHERE \(condition) "
                + "GROUP BY 1", arguments)
        {
            let start = window.start(of: Timestamp(milliseconds: row.integer(0) * span))
            try totals[start, default: .zero].add(reserved: row.integer(1), to: scope)
        }
        return totals
    }

    /// The condition of a scope on entries and reservations, and its argument; nil for the global scope.
    private mutating func scopeCondition(_ scope: BudgetScope) throws(LedgerError) -> (String, Int64)? {
        let (condition, id) =
            switch scope {
            case .global: ("", "")
            case .team(let id): ("team = ?", id)
            case .key(let id): ("api_key = ?", id)
            case .session(let id): ("session = ?", id)
            case .job(let id): ("job = ?", id)
            case .batch(let id): ("batch = ?", id)
            case .user(let id): ("end_user = ?", id)
            case .tag(let tag): (LabelColumns.hasTag, tag)
            // Users have copies of it, and no user has its name.
            case .eachUser: ("end_user = ?", "*")
            }
        if condition.isEmpty { return nil }
        // No name has the number -1: nothing has been booked on the scope.
        return (condition, try names.existingID(id, on: connection) ?? -1)
    }

    /// The SQL of what a unit counts in entries and in reservations.
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
