package import Domain

/// The scope of a budget.
package enum BudgetScope: Hashable, Sendable {
    /// Everything in this ledger.
    case global
    case team(String)
    case key(String)
    case session(String)
    case job(String)
    case batch(String)
    /// An end user that callers name.
    case user(String)
    /// The default of end users: each user without a budget of its own gets one like it.
    case eachUser
    /// Calls with a tag: `nightly`, or `project=red`.
    case tag(String)
}

/// Ids are compared by their bytes, as in the database.
extension BudgetScope {
    package static func == (left: BudgetScope, right: BudgetScope) -> Bool {
        switch (left, right) {
        case (.global, .global), (.eachUser, .eachUser): true
        case (.team(let first), .team(let second)), (.key(let first), .key(let second)),
            (.session(let first), .session(let second)), (.job(let first), .job(let second)),
            (.batch(let first), .batch(let second)), (.user(let first), .user(let second)),
            (.tag(let first), .tag(let second)):
            ExactText.areSame(first, second)
        default: false
        }
    }
}

extension BudgetScope: CustomStringConvertible {
    /// `global`, `user:*`, or kind and id: `key:k-17`.
    package var description: String {
        switch self {
        case .global: "global"
        case .team(let id): "team:\(id)"
        case .key(let id): "key:\(id)"
        case .session(let id): "session:\(id)"
        case .job(let id): "job:\(id)"
        case .batch(let id): "batch:\(id)"
        case .user(let id): "user:\(id)"
        case .eachUser: "user:*"
        case .tag(let tag): "tag:\(tag)"
        }
    }

    /// Reads what `description` writes; nil for an unknown kind or an empty id.
    package init?(_ text: String) {
        if text == "global" {
            self = .global
            return
        }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, !parts[1].isEmpty else { return nil }
        switch parts[0] {
        case "team": self = .team(parts[1])
        case "key": self = .key(parts[1])
        case "session": self = .session(parts[1])
        case "job": self = .job(parts[1])
        case "batch": self = .batch(parts[1])
        case "user": self = parts[1] == "*" ? .eachUser : .user(parts[1])
        case "tag": self = .tag(parts[1])
        default: return nil
        }
    }
}

/// The accounts that a call is charged to. The budgets of all of them are checked and reserved together.
package struct Attribution: Hashable, Sendable {
    package var team: String?
    package var key: String?
    package var session: String?
    package var job: String?
    package var batch: String?
    /// The caller's own labels: its end user and tags.
    package var labels: CallLabels

    package init(
        team: String? = nil, key: String? = nil, session: String? = nil, job: String? = nil, batch: String? = nil,
        labels: CallLabels = CallLabels()
    ) {
        self.team = team
        self.key = key
        self.session = session
        self.job = job
        self.batch = batch
        self.labels = labels
    }

    /// The same accounts without the caller's own labels.
    var withoutLabels: Attribution {
        var copy = self
        copy.labels = CallLabels()
        return copy
    }

    /// Ids are compared by their bytes, as in the database.
    package static func == (left: Attribution, right: Attribution) -> Bool {
        ExactText.areSame(left.team, right.team) && ExactText.areSame(left.key, right.key)
            && ExactText.areSame(left.session, right.session) && ExactText.areSame(left.job, right.job)
            && ExactText.areSame(left.batch, right.batch) && ExactText.areSame(left.labels.user, right.labels.user)
            && left.labels.tags.elementsEqual(right.labels.tags) { ExactText.areSame($0, $1) }
    }

    /// From the widest to the narrowest; `global` is always the first.
    package var scopes: [BudgetScope] {
        var scopes: [BudgetScope] = [.global]
        if let team { scopes.append(.team(team)) }
        if let key { scopes.append(.key(key)) }
        if let session { scopes.append(.session(session)) }
        if let job { scopes.append(.job(job)) }
        if let batch { scopes.append(.batch(batch)) }
        if let user = labels.user { scopes.append(.user(user)) }
        for tag in labels.tags { scopes.append(.tag(tag)) }
        return scopes
    }
}
