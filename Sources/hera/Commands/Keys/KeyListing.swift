import Domain
import JSON
import Ledger

/// Keys with their budgets, as a text for people and as JSON.
struct KeyListing {
    private let keys: [AccessKey]
    private let budgets: [BudgetStatus]
    private let moment: Timestamp

    init(_ keys: [AccessKey], budgets: [BudgetStatus], at moment: Timestamp) {
        self.keys = keys
        self.budgets = budgets
        self.moment = moment
    }

    var text: String {
        if keys.isEmpty { return "no keys; make one with `hera keys create`" }
        return keys.map { key in
            var facts = [key.fault(at: moment) == nil ? "valid" : key.revokedAt == nil ? "expired" : "revoked"]
            if let team = key.team { facts.append("team \(team)") }
            if let limit = key.requestsPerMinute { facts.append("\(limit) requests/min") }
            if let limit = key.tokensPerMinute { facts.append("\(limit) tokens/min") }
            if let policy = key.policy { facts.append("policy \(policy)") }
            if let end = key.expiresAt { facts.append("until \(end)") }
            let lines = own(key).map { "\n    \(BudgetListing.line($0))" }
            return "\(key.id)  \(facts.joined(separator: ", "))\(key.label.isEmpty ? "" : "  (\(key.label))")"
                + lines.joined()
        }.joined(separator: "\n")
    }

    var json: String {
        var writer = JSONWriter()
        writer.array { list in
            for key in keys {
                list.object { object in
                    object.member("id", key.id)
                    object.member("team", key.team)
                    object.member("label", key.label)
                    object.member("created_at", key.createdAt.description)
                    object.member("expires_at", key.expiresAt?.description)
                    object.member("revoked_at", key.revokedAt?.description)
                    object.member("valid", key.fault(at: moment) == nil)
                    object.member("policy", key.policy)
                    object.member("requests_per_minute", key.requestsPerMinute)
                    object.member("tokens_per_minute", key.tokensPerMinute)
                    object.member("allow", array: { for model in key.models.allow { $0.element(model.rawValue) } })
                    object.member("deny", array: { for model in key.models.deny { $0.element(model.rawValue) } })
                    object.member("budgets", raw: Array(BudgetListing(own(key)).json.utf8))
                }
            }
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private func own(_ key: AccessKey) -> [BudgetStatus] { budgets.filter { $0.budget.scope == .key(key.id) } }
}
