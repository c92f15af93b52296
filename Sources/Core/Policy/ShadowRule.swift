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
