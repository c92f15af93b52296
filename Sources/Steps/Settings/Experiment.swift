import Domain
import JSON

/// A share of the sessions that another policy routes (a canary): `{share, policy}`.
///
/// All calls of a session stay under one policy. Dashboards group by `policy`.
package struct Experiment: Hashable, Sendable {
    /// Share of the sessions, 0...1.
    package var share: Double
    /// Name of a policy of the settings.
    package var policy: String

    package init(share: Double, policy: String) {
        self.share = share
        self.policy = policy
    }

    /// Parses one experiment or a list of them.
    ///
    /// - Parameter policies: names of the settings' policies.
    static func list(_ json: JSONValue, policies: some Collection<String>) throws(FieldError) -> [Experiment] {
        let isList = json.kind == .array
        let values = isList ? Array(json.elements) : [json]
        var found: [Experiment] = []
        for (index, value) in values.enumerated() {
            let path = isList ? "experiments[\(index)]" : "experiments"
            let fields = try FieldReader(value, path: path, known: ["share", "policy"])
            guard let share = try fields.number("share", in: 0...1) else {
                throw FieldError(fields.path("share"), "is missing: say which share of the sessions, for example 0.05")
            }
            guard let policy = try fields.string("policy") else {
                throw FieldError(fields.path("policy"), "is missing: name one of the policies")
            }
            guard policies.contains(policy) else {
                let hint = Spelling.closest(to: policy, among: policies).map { ": did you mean '\($0)'?" } ?? ""
                throw FieldError(fields.path("policy"), "no policy is named '\(policy)'\(hint)")
            }
            found.append(Experiment(share: share, policy: policy))
        }
        guard found.reduce(0, { $0 + $1.share }) <= 1 + 1e-9 else {
            throw FieldError("experiments", "have shares of more than 1 together")
        }
        return found
    }
}

extension [Experiment] {
    /// The policy of a session; nil for the default one. The same for the same session on every node.
    func policy(ofSession session: String) -> String? {
        guard !isEmpty else { return nil }
        var hash = StableHash()
        hash.combine(session.utf8)
        // The high bits of FNV-1a mix little of the last bytes.
        var generator = SeededGenerator(seed: hash.value)
        var place = generator.unit()
        for experiment in self {
            if place < experiment.share { return experiment.policy }
            place -= experiment.share
        }
        return nil
    }
}
