import Domain
import JSON
import Ledger

/// A budget with its use, and what it comes to by the end of the window at the pace so far.
struct BudgetForecast {
    private let status: BudgetStatus
    private let moment: Timestamp

    init(_ status: BudgetStatus, at moment: Timestamp) {
        self.status = status
        self.moment = moment
    }

    /// What will be used by the window's end; nil for windows without one, and in its first hundredth.
    var atEnd: Double? {
        let window = status.budget.window
        guard let end = window.end(of: moment) else { return nil }
        let start = Double(window.start(of: moment))
        let share = (Double(moment.milliseconds) - start) / (Double(end.milliseconds) - start)
        return share < 0.01 ? nil : Double(status.spent) / share
    }

    /// Amounts in the unit: USD, tokens or joules.
    func write(into object: inout JSONWriter) {
        let budget = status.budget
        let unit = budget.limit.unit
        object.member("object", "budget")
        object.member("scope", budget.scope.description)
        object.member("unit", unit.rawValue)
        object.member("window", budget.window.description)
        object.member("mode", budget.mode.rawValue)
        object.member("limit", raw: unit.number(budget.limit.amount).utf8)
        object.member("spent", raw: unit.number(status.spent).utf8)
        object.member("reserved", raw: unit.number(status.reserved).utf8)
        object.member("left", raw: unit.number(status.left).utf8)
        object.member("window_start", budget.window == .none ? nil : start.description)
        object.member("window_end", budget.window.end(of: moment)?.description)
        let forecast = atEnd.flatMap { Int64(exactly: $0.rounded()) }
        object.member("forecast_at_end", raw: (forecast.map { unit.number($0) } ?? "null").utf8)
    }

    private var start: Timestamp { Timestamp(milliseconds: status.budget.window.firstCounted(at: moment)) }
}

/// A key with its budgets, without its secret.
struct KeyDocument {
    private let key: AccessKey
    private let budgets: [BudgetStatus]
    private let moment: Timestamp

    init(_ key: AccessKey, _ statuses: [BudgetStatus], at moment: Timestamp) {
        self.key = key
        budgets = statuses.filter { $0.budget.scope == .key(key.id) }
        self.moment = moment
    }

    func write(into object: inout JSONWriter) {
        object.member("id", key.id)
        object.member("object", "key")
        object.member("label", key.label)
        object.member("team", key.team)
        object.member("created_at", key.createdAt.description)
        object.member("expires_at", key.expiresAt?.description)
        object.member("revoked_at", key.revokedAt?.description)
        object.member("valid", key.fault(at: moment) == nil)
        object.member("policy", key.policy)
        object.member("requests_per_minute", key.requestsPerMinute)
        object.member("tokens_per_minute", key.tokensPerMinute)
        object.member("concurrent_calls", key.concurrentCalls)
        object.member(
            "budgets",
            array: { list in
                for status in budgets { list.object { BudgetForecast(status, at: moment).write(into: &$0) } }
            })
    }
}
