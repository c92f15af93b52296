package import Domain

extension LedgerTransaction {
    private static let alertColumns = "id, at, scope, unit, period, amount, start, level, spent, refused"

    /// Notes levels that budgets have reached, each once for its window.
    func note(_ levels: [ReachedLevel], at moment: Timestamp = .now()) throws(LedgerError) {
        for reached in levels {
            let budget = reached.line.budget
            try connection.enqueue(
                "INSERT INTO budget_alert (budget, \(Self.alertColumns)) VALUES (\(Self.placeholders(11))) "
                    + "ON CONFLICT (budget, start, level) DO NOTHING",
                [
                    .integer(reached.line.id), .text("alert_\(KeySecret.newID())"), .integer(moment.milliseconds),
                    .text(budget.scope.description), .text(budget.limit.unit.rawValue),
                    .text(budget.window.description), .integer(budget.limit.amount), .integer(reached.start),
                    .integer(reached.level), .integer(reached.spent), .integer(reached.isRefusal ? 1 : 0),
                ])
        }
    }

    /// Notes what a budget that was set or changed has used already. Levels of its former limit no longer count.
    func noteLevels(of budget: Budget, at moment: Timestamp) throws(LedgerError) {
        var needs = BudgetNeeds()
        needs.add([budget.scope], at: moment)
        let book = try budgetBook(for: needs)
        for line in book.lines(of: [budget.scope])
        where line.unit == budget.limit.unit && line.budget.window == budget.window {
            try connection.enqueue(
                "DELETE FROM budget_alert WHERE budget = ? AND amount <> ?",
                [.integer(line.id), .integer(budget.limit.amount)])
            let used = try book.used(of: line, at: moment)
            try note(ReachedLevel.passed(by: line, from: 0, to: used.spent, at: moment))
        }
    }

    /// Notes that a budget refused a call, which ends a budget whose spending is near its limit.
    func note(_ refusal: BudgetRefusal, at moment: Timestamp) throws(LedgerError) {
        let row = try connection.row(
            "SELECT \(Self.budgetColumns) FROM budget WHERE scope = ? AND unit = ? AND period = ?",
            [
                .text(refusal.scope.description), .text(refusal.limit.unit.rawValue),
                .text(refusal.window.description),
            ])
        guard let row else { return }
        let line = try Self.decodeBudget(row)
        let level = BudgetAlert.levels[BudgetAlert.levels.count - 1]
        try note([
            ReachedLevel(
                line: line, start: line.budget.window.alertStart(of: moment), level: level, spent: refusal.spent,
                isRefusal: true)
        ])
    }

    // MARK: Sending

    private static let isDue = "sent_at IS NULL AND at >= ? AND (tried_at IS NULL OR tried_at < ?)"

    /// Whether there are alerts to send.
    ///
    /// - Parameters:
    ///   - from: older alerts are of no use any more.
    ///   - pause: seconds after a try until the next one, by whichever node.
    package func hasAlerts(from: Timestamp, pause: Double, at moment: Timestamp) throws(LedgerError) -> Bool {
        try connection.row(
            "SELECT 1 FROM budget_alert WHERE \(Self.isDue) LIMIT 1",
            [.integer(from.milliseconds), .integer(moment.advanced(bySeconds: -pause).milliseconds)]) != nil
    }

    /// Takes alerts to send, the oldest first. Other nodes leave them alone for the pause.
    package func claimAlerts(
        from: Timestamp, pause: Double, at moment: Timestamp, limit: Int
    ) throws(LedgerError) -> [BudgetAlert] {
        var alerts: [BudgetAlert] = []
        let rows = try connection.rows(
            "UPDATE budget_alert SET tried_at = ? WHERE id IN (SELECT id FROM budget_alert WHERE \(Self.isDue) "
                + "ORDER BY at, id LIMIT ?) RETURNING \(Self.alertColumns)",
            [
                .integer(moment.milliseconds), .integer(from.milliseconds),
                .integer(moment.advanced(bySeconds: -pause).milliseconds), .integer(limit),
            ])
        for row in rows { alerts.append(try Self.decodeAlert(row)) }
        return alerts.sorted { ($0.at, $0.level, $0.id) < ($1.at, $1.level, $1.id) }
    }

    /// Marks an alert as sent.
    package func confirmAlert(_ id: String, at moment: Timestamp) throws(LedgerError) {
        try connection.execute(
            "UPDATE budget_alert SET sent_at = ? WHERE id = ?", [.integer(moment.milliseconds), .text(id)])
    }

    /// The alerts of budgets, the newest first, sent or not.
    package func alerts(limit: Int) throws(LedgerError) -> [BudgetAlert] {
        var alerts: [BudgetAlert] = []
        let rows = try connection.rows(
            "SELECT \(Self.alertColumns) FROM budget_alert ORDER BY at DESC, level DESC, id LIMIT ?",
            [.integer(limit)])
        for row in rows { alerts.append(try Self.decodeAlert(row)) }
        return alerts
    }

    /// Longer than any window with an end, so that no level is told of twice in one.
    private static let secondsKept = 40 * 86_400.0

    private static let isOld = "at < ? AND period <> 'none'"
    static let hasOldAlerts = "EXISTS (SELECT 1 FROM budget_alert WHERE \(isOld))"

    /// Alerts before this time are of windows that have ended.
    static func lastAlert(at moment: Timestamp) -> SQLValue {
        .integer(moment.advanced(bySeconds: -secondsKept).milliseconds)
    }

    /// Deletes alerts of windows that have ended.
    func forgetAlerts(at moment: Timestamp) throws(LedgerError) {
        try connection.execute("DELETE FROM budget_alert WHERE \(Self.isOld)", [Self.lastAlert(at: moment)])
    }

    private static func decodeAlert(_ row: SQLRow) throws(LedgerError) -> BudgetAlert {
        guard let scope = BudgetScope(row.text(2)), let unit = BudgetUnit(rawValue: row.text(3)),
            let window = BudgetWindow(row.text(4))
        else { throw .database("alert '\(row.text(0))' is not one that this version knows") }
        return BudgetAlert(
            id: row.text(0), at: Timestamp(milliseconds: row.integer(1)), scope: scope,
            limit: BudgetLimit(unit: unit, amount: row.integer(5)), window: window,
            windowStart: window == .none ? nil : Timestamp(milliseconds: row.integer(6)), level: Int(row.integer(7)),
            spent: row.integer(8), isRefusal: row.integer(9) == 1)
    }
}
