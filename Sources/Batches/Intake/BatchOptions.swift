package import Domain

/// What is done when the money does not suffice for all rows.
package enum ShortfallRule: String, CaseIterable, Hashable, Sendable {
    /// Nothing is started.
    case refuse
    /// As many rows as the money pays for, on their cheapest models; what is left buys better ones.
    case cheapest
    /// Each row that is done is done by the model predicted to be best at it, as many as the money pays for.
    case best

    package init(_ rule: InfeasibleRule) {
        switch rule {
        case .reject: self = .refuse
        case .cheapest: self = .cheapest
        case .best: self = .best
        }
    }
}

/// What the caller of a batch asks for.
package struct BatchOptions: Hashable, Sendable {
    /// The most that all rows together may cost; nil for no limit of the batch's own.
    package var budget: Money?
    /// When rows that have not begun are given up; nil for never.
    package var deadline: Timestamp?
    package var ifShort: ShortfallRule
    /// What to ask for in place of each row's own `model`; nil leaves it.
    package var model: String?
    /// The policy by name of rows whose `model` is `hera`; nil for the key's or the default one.
    package var policyName: String?
    /// JSON of a policy that is laid over that of every row which names no model; a row's own comes on top.
    package var policy: [UInt8]?
    /// Least mean predicted accuracy of the rows that are done, 0...1.
    package var minAccuracy: Double?
    /// Most energy that all rows together may take.
    package var energyJoules: Double?
    /// Calls at the same time over all models; a model's own `slots` bound its share.
    package var concurrency: Int
    /// Share of batches whose true cost has to stay within the budget, 0.5 ..< 1; 0.5 plans on the mean.
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
