package import JSON

/// How an answer is tested once it is there (`verify`).
package struct Verification: Hashable, Sendable {
    package var isOn: Bool
    package var stream: StreamRule
    /// Least probability that the answer is acceptable; nil for the step's kappa.
    package var threshold: Double?

    package init(isOn: Bool = false, stream: StreamRule = .buffer, threshold: Double? = nil) {
        self.isOn = isOn
        self.stream = stream
        self.threshold = threshold
    }
}

/// What a stream does while its answer is not verified yet.
package enum StreamRule: String, CaseIterable, Hashable, Sendable {
    /// Held back until the verdict.
    case buffer
    /// Passed on at once: speed first. The verdict then only counts for the steps after it.
    case first
}

/// Which share of the steps that cheaper models have served is also sent to the reference, and what that may cost.
///
/// The operator pays for it, so only the operator's settings may hold it.
package struct ShadowRule: Hashable, Sendable {
    /// Share of the steps, 0...1.
    package var share: Double
    /// Most money for a calendar month (UTC).
    package var budget: Money

    package init(share: Double, budget: Money) {
        self.share = share
        self.budget = budget
    }

    /// Reads `{share, budget_usd}`; both have to be there.
    package init(json: JSONValue, path: String) throws(FieldError) {
        let fields = try FieldReader(json, path: path, known: ["share", "budget_usd"])
        guard let share = try fields.number("share", in: 0...1) else {
            throw FieldError(fields.path("share"), "is missing: say which share of the steps, for example 0.02")
        }
        guard let budget = try fields.money("budget_usd") else {
            throw FieldError(fields.path("budget_usd"), "is missing: say what audits may cost in a month")
        }
        self.init(share: share, budget: budget)
    }
}
