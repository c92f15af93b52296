import Domain
import JSON

/// A canary: a share of the sessions of the default policy that runs under a named policy instead.
///
/// A session stays on its side, on every node and after restarts, because its name decides. The dashboard groups by
/// policy.
package struct PolicyExperiment: Hashable, Sendable {
    /// Share of the sessions, 0...1.
    package let share: Double
    /// Name of the policy that they get.
    package let policy: String

    package init(share: Double, policy: String) {
        self.share = share
        self.policy = policy
    }

    /// Parses `{share, policy}`, both required.
    ///
    /// - Parameter policies: names of the existing policies.
    init(json: JSONValue, policies: some Collection<String>) throws(FieldError) {
        let fields = try FieldReader(json, path: "experiments", known: ["share", "policy"])
        guard let share = try fields.number("share", in: 0...1) else {
            throw FieldError(fields.path("share"), "is missing: say which share of the sessions, for example 0.05")
        }
        guard let policy = try fields.string("policy") else {
            throw FieldError(fields.path("policy"), "is missing: name one of `policies`")
        }
        guard policies.contains(policy) else {
            let hint = Spelling.closest(to: policy, among: policies).map { "did you mean '\($0)'?" }
            throw FieldError(
                fields.path("policy"), "no policy is named '\(policy)'; \(hint ?? "`policies` names them")")
        }
        self.init(share: share, policy: policy)
    }

    /// Whether a session belongs to the share.
    ///
    /// - Parameter session: its name, unique over all keys.
    package func includes(_ session: String) -> Bool {
        var hash = StableHash()
        hash.combine(policy.utf8)
        hash.combine(unit: 0x1ff)
        hash.combine(session.utf8)
        // The high bits of FNV-1a mix badly for short texts; a multiplication spreads the low ones.
        let mixed = (hash.value ^ hash.value >> 32) &* 0x9e37_79b9_7f4a_7c15
        return Double(mixed >> 11) / Double(1 << 53) < share
    }
}
