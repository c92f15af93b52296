import JSON

/// Limits of a whole session: all steps of one run of calls together.
///
/// `budget_usd` and its kin limit one call or job. These hold from a session's first call to its last.
package struct SessionLimits: Hashable, Sendable {
    /// Most money.
    package var budget: Money?
    /// Most seconds that the session's calls take together; a user's pauses do not count.
    package var seconds: Double?
    /// Most joules on the operator's hardware.
    package var joules: Double?

    /// No limit.
    package static let none = SessionLimits()

    package init(budget: Money? = nil, seconds: Double? = nil, joules: Double? = nil) {
        self.budget = budget
        self.seconds = seconds
        self.joules = joules
    }

    /// Whether there is no limit.
    package var isEmpty: Bool { budget == nil && seconds == nil && joules == nil }

    static let fieldNames = ["session_budget_usd", "session_deadline_s", "session_energy_j"]

    /// Parses a policy's `session_budget_usd`, `session_deadline_s` and `session_energy_j`.
    init(_ fields: FieldReader, base: SessionLimits) throws(FieldError) {
        let most = Double.greatestFiniteMagnitude
        budget = try fields.money("session_budget_usd") ?? base.budget
        seconds = try fields.number("session_deadline_s", in: 0...most) ?? base.seconds
        joules = try fields.number("session_energy_j", in: 0...1e12) ?? base.joules
    }

    /// Writes the members into the policy's open object.
    func write(into writer: inout JSONWriter) {
        if let budget { writer.member("session_budget_usd", raw: budget.description.utf8) }
        if let seconds { writer.member("session_deadline_s", seconds) }
        if let joules { writer.member("session_energy_j", joules) }
    }
}
