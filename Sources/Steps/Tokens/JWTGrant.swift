package import Domain
import JSON

/// Which claims of a token say who calls. A name is that of a claim, or a path through objects (`realm_access.team`).
package struct JWTClaimNames: Hashable, Sendable {
    /// The caller: its jobs, files and budgets are its own.
    package var subject = "sub"
    package var team: String?
    package var policy: String?
    /// A list of models, or their names in one text with blanks between.
    package var models: String?
    /// The end user; callers name it themselves where there is no claim for it.
    package var user: String?

    /// `sub` alone.
    package init() {}

    /// Reads `{subject, team, policy, models, user}`; every member may be left out.
    init(json: JSONValue, path: String) throws(FieldError) {
        let fields = try FieldReader(json, path: path, known: ["subject", "team", "policy", "models", "user"])
        subject = try fields.string("subject") ?? subject
        team = try fields.string("team")
        policy = try fields.string("policy")
        models = try fields.string("models")
        user = try fields.string("user")
    }
}

/// A claim that a token must have: one of the values as a text, in a list, or as a word of a text such as `scope`.
package struct JWTRequirement: Hashable, Sendable {
    package let claim: String
    package let values: [String]

    /// Reads a map of claims to a value or a list of values.
    static func list(_ value: JSONValue?, path: String) throws(FieldError) -> [JWTRequirement] {
        guard let value else { return [] }
        guard value.kind == .object else { throw FieldError(path, "must be a map like {scope: hera}") }
        var requirements: [JWTRequirement] = []
        for member in value.members {
            let values = member.value.string.map { [$0] } ?? member.value.elements.compactMap(\.string)
            guard !values.isEmpty, member.value.kind == .string || values.count == member.value.count else {
                throw FieldError("\(path).\(member.key)", "must be a text, or a list of texts of which one is enough")
            }
            requirements.append(JWTRequirement(claim: member.key, values: values))
        }
        return requirements
    }
}

/// A team for a value of the team's claim.
package struct JWTTeam: Hashable, Sendable {
    package let value: String
    package let team: String

    /// Reads a map of values to teams, in order.
    static func list(_ value: JSONValue?, path: String) throws(FieldError) -> [JWTTeam] {
        guard let value else { return [] }
        guard value.kind == .object else { throw FieldError(path, "must be a map like {group-of-the-issuer: red}") }
        var teams: [JWTTeam] = []
        for member in value.members {
            guard let team = member.value.string, !team.isEmpty else {
                throw FieldError("\(path).\(member.key)", "must be the name of a team")
            }
            teams.append(JWTTeam(value: member.key, team: team))
        }
        return teams
    }
}

/// What every caller of an issuer may do: the same as an access key may.
package struct JWTGrant: Hashable, Sendable {
    /// The team of tokens without the team's claim.
    package let team: String?
    package let policy: String?
    package let models: ModelFilter
    /// Of each caller, as `tokensPerMinute` and `concurrentCalls`.
    package let requestsPerMinute: Int?
    package let tokensPerMinute: Int?
    package let concurrentCalls: Int?

    /// Reads the members of an issuer.
    init(_ fields: FieldReader) throws(FieldError) {
        team = try fields.string("team")
        policy = try fields.string("policy")
        requestsPerMinute = try fields.integer("requests_per_minute", in: 1...1_000_000)
        tokensPerMinute = try fields.integer("tokens_per_minute", in: 1...1_000_000_000)
        concurrentCalls = try fields.integer("concurrent_calls", in: 1...1_000_000)
        guard let value = fields.value("models") else {
            models = ModelFilter()
            return
        }
        let lists = try FieldReader(value, path: fields.path("models"), known: ["allow", "deny"])
        models = ModelFilter(
            allow: try lists.strings("allow")?.map { ModelID($0) } ?? [],
            deny: try lists.strings("deny")?.map { ModelID($0) } ?? [])
    }
}
