package import Domain

/// What to do when the money does not cover all rows.
package enum ShortfallRule: String, CaseIterable, Hashable, Sendable {
    /// Reject the batch.
    case refuse
    /// As many rows as possible on their cheapest models; money left over upgrades models.
    case cheapest
    /// As many rows as possible, each on its model of best predicted quality.
    case best

    package init(_ rule: InfeasibleRule) {
        switch rule {
        case .reject: self = .refuse
        case .cheapest: self = .cheapest
        case .best: self = .best
        }
    }
}

/// Options of a batch, as set by its caller.
package struct BatchOptions: Hashable, Sendable {
    /// Cost limit of all rows; nil for no limit of the batch's own.
    package var budget: Money?
    /// When rows that have not started expire; nil for never.
    package var deadline: Timestamp?
    package var ifShort: ShortfallRule
    /// Replaces each row's `model`; nil keeps it.
    package var model: String?
    /// Name of the policy for rows whose `model` is `hera`; nil for the key's or the default policy.
    package var policyName: String?
    /// JSON of a policy that overrides the base policy of unpinned rows; a row's own policy overrides both.
    package var policy: [UInt8]?
    /// Minimum mean predicted accuracy, 0...1.
    package var minAccuracy: Double?
    /// Energy limit of all rows.
    package var energyJoules: Double?
    /// Concurrent calls over all models; `slots` of a model limit its share.
    package var concurrency: Int
    /// Probability that the actual cost stays within the budget, 0.5 ..< 1; 0.5 plans on the mean.
    package var confidence: Double

    package static let standardConcurrency = 16
    package static let standardConfidence = 0.95

    package init(
        budget: Money?, deadline: Timestamp? = nil, ifShort: ShortfallRule = .refuse, model: String? = nil,
        concurrency: Int = BatchOptions.standardConcurrency, confidence: Double = BatchOptions.standardConfidence
    ) {
        self.budget = budget
        self.deadline = deadline
        self.ifShort = ifShort
        self.model = model
        self.concurrency = concurrency
        self.confidence = confidence
    }
}
