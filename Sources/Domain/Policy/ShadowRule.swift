package import JSON

/// Shadow calls: the share of the steps that is repeated on another model, and their budget.
///
/// The operator pays, so only the operator's settings may hold it.
package struct ShadowRule: Hashable, Sendable {
    /// Which calls are repeated.
    package enum Mode: String, CaseIterable, Hashable, Sendable {
        /// Steps of cheaper models, on the reference: measures what routing loses.
        case audit
        /// Calls of named models, on the model that the policy would have chosen: measures what routing would save and
        /// lose before any call is routed.
        case dry
    }

    package var mode: Mode
    /// Share of the steps, 0...1.
    package var share: Double
    /// Most money for a calendar month (UTC).
    package var budget: Money

    package init(mode: Mode = .audit, share: Double, budget: Money) {
        self.mode = mode
        self.share = share
        self.budget = budget
    }

    /// Parses `{mode?, share, budget_usd}`.
    package init(json: JSONValue, path: String) throws(FieldError) {
        let fields = try FieldReader(json, path: path, known: ["mode", "share", "budget_usd"])
        guard let share = try fields.number("share", in: 0...1) else {
            throw FieldError(fields.path("share"), "is missing: say which share of the steps, for example 0.02")
        }
        guard let budget = try fields.money("budget_usd") else {
            throw FieldError(fields.path("budget_usd"), "is missing: say what audits may cost in a month")
        }
        self.init(mode: try fields.choice("mode", of: Mode.self) ?? .audit, share: share, budget: budget)
    }
}
