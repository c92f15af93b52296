package import Domain

/// A key that callers show, as the ledger knows it: what it may do, and never the key's own text.
package struct AccessKey: Hashable, Sendable {
    /// Public; part of the key's text and the name of its budgets (`key:ID`).
    package var id: String
    package var team: String?
    /// What it is for, in the operator's words.
    package var label: String
    package var createdAt: Timestamp
    package var expiresAt: Timestamp?
    package var revokedAt: Timestamp?
    package var models: ModelFilter
    /// The policy of calls that name none.
    package var policy: String?
    package var requestsPerMinute: Int?
    package var tokensPerMinute: Int?

    package init(
        id: String = KeySecret.newID(), team: String? = nil, label: String = "", createdAt: Timestamp,
        expiresAt: Timestamp? = nil, models: ModelFilter = ModelFilter(), policy: String? = nil,
        requestsPerMinute: Int? = nil, tokensPerMinute: Int? = nil
    ) {
        self.id = id
        self.team = team
        self.label = label
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.models = models
        self.policy = policy
        self.requestsPerMinute = requestsPerMinute
        self.tokensPerMinute = tokensPerMinute
    }

    /// Why the key is of no use at a moment, or nil where it is valid.
    package func fault(at moment: Timestamp) -> String? {
        if let revokedAt { return "the key '\(id)' was revoked at \(revokedAt); ask for a new one" }
        if let expiresAt, expiresAt <= moment { return "the key '\(id)' expired at \(expiresAt); ask for a new one" }
        return nil
    }
}
