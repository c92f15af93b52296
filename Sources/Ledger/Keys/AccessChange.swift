package import Domain
package import JSON

/// A change of who may call, or of how much: a key made or revoked, a budget set or removed.
package struct AccessChange: Hashable, Sendable {
    /// What was done.
    package enum Action: String, CaseIterable, Hashable, Sendable {
        case keyCreated = "key.created"
        case keyRevoked = "key.revoked"
        case budgetSet = "budget.set"
        case budgetRemoved = "budget.removed"
    }

    /// When it was done.
    package let at: Timestamp
    /// Who did it: `operator` over HTTP, or `command line` with the system's user.
    package let actor: String
    /// What was done.
    package let action: Action
    /// The key's id or the budget's scope.
    package let target: String
    /// The new values in words, without a secret.
    package let detail: String

    /// The actor of a change by a program that names none.
    package static let unnamed = "program"

    /// Writes `at`, `actor`, `action`, `target` and `detail` into an open object.
    package func write(into object: inout JSONWriter) {
        object.member("at", at.description)
        object.member("actor", actor)
        object.member("action", action.rawValue)
        object.member("target", target)
        object.member("detail", detail)
    }

    /// A change to record.
    package init(at: Timestamp, actor: String, action: Action, target: String, detail: String) {
        self.at = at
        self.actor = actor
        self.action = action
        self.target = target
        self.detail = detail
    }

    /// A budget that was set.
    package init(set budget: Budget, by actor: String, at moment: Timestamp) {
        let limit = budget.limit
        self.init(
            at: moment, actor: actor, action: .budgetSet, target: budget.scope.description,
            detail: "\(limit.unit.text(limit.amount)), \(budget.window), \(budget.mode.rawValue)")
    }

    /// A key that was made, with its budgets.
    package init(created key: AccessKey, budgets: [Budget], by actor: String) {
        var facts = [key.team.map { "team \($0)" }, key.label.isEmpty ? nil : "label \(key.label)"].compactMap { $0 }
        facts += budgets.map { "\($0.limit.unit.text($0.limit.amount)) (\($0.window))" }
        self.init(
            at: key.createdAt, actor: actor, action: .keyCreated, target: key.id,
            detail: facts.joined(separator: ", "))
    }
}

extension LedgerTransaction {
    /// Records a change in the transaction that makes it.
    package func record(_ change: AccessChange) throws(LedgerError) {
        try connection.execute(
            "INSERT INTO access_change (at, actor, action, target, detail) VALUES (?, ?, ?, ?, ?)",
            [
                .integer(change.at.milliseconds), .text(change.actor), .text(change.action.rawValue),
                .text(change.target), .text(change.detail),
            ])
    }

    /// The latest changes, the newest first.
    package func accessChanges(limit: Int) throws(LedgerError) -> [AccessChange] {
        let rows = try connection.rows(
            "SELECT at, actor, action, target, detail FROM access_change ORDER BY sequence DESC LIMIT ?",
            [.integer(max(limit, 0))])
        return rows.compactMap { row in
            AccessChange.Action(rawValue: row.text(2)).map { action in
                AccessChange(
                    at: Timestamp(milliseconds: row.integer(0)), actor: row.text(1), action: action,
                    target: row.text(3), detail: row.text(4))
            }
        }
    }
}
