import Domain
import JSON
import Ledger

/// Budgets and what is gone of them, as a text for people and as JSON.
struct BudgetListing {
    private let statuses: [BudgetStatus]

    init(_ statuses: [BudgetStatus]) {
        self.statuses = statuses
    }

    var text: String {
        statuses.isEmpty
            ? "no budgets; set one with `hera budgets set`" : statuses.map(Self.line).joined(separator: "\n")
    }

    /// `key:k1  20 USD a month: 3.5 USD spent, 0.25 USD reserved, 16.25 USD left`
    static func line(_ status: BudgetStatus) -> String {
        let budget = status.budget
        let unit = budget.limit.unit
        let period =
            switch budget.window {
            case .none: "in all"
            case .day, .week, .month: "a \(budget.window)"
            case .rolling(let seconds): "in any \(seconds) s"
            }
        let mode = budget.mode == .warn ? " (only warns)" : ""
        return "\(budget.scope)  \(unit.text(budget.limit.amount)) \(period)\(mode): \(unit.text(status.spent)) spent, "
            + "\(unit.text(status.reserved)) reserved, \(unit.text(status.left)) left"
    }

    /// Amounts as integers in nano-USD, tokens or microjoules.
    var json: String {
        var writer = JSONWriter()
        writer.array { list in
            for status in statuses {
                let budget = status.budget
                list.object { object in
                    object.member("scope", budget.scope.description)
                    object.member("unit", budget.limit.unit.rawValue)
                    object.member("window", budget.window.description)
                    object.member("mode", budget.mode.rawValue)
                    object.member("limit", budget.limit.amount)
                    object.member("spent", status.spent)
                    object.member("reserved", status.reserved)
                    object.member("left", status.left)
                }
            }
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
