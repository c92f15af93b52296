import Domain
import JSON

/// Which claims of a token say who calls. A name is that of a claim, or a path through objects (`realm_access.team`).
struct JWTClaimNames: Hashable, Sendable {
    /// The caller: its jobs, files and budgets are its own.
    var subject = "sub"
    var team: String?
    var policy: String?
    /// A list of models, or their names in one text with blanks between.
    var models: String?
    /// The end user; callers name it themselves where there is no claim for it.
    var user: String?

    /// `sub` alone.
    init() {}

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
struct JWTRequirement: Hashable, Sendable {
    let claim: String
    let values: [String]

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
struct JWTTeam: Hashable, Sendable {
    let value: String
    let team: String

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
struct JWTGrant: Hashable, Sendable {
    /// The team of tokens without the team's claim.
    let team: String?
    let policy: String?
    let models: ModelFilter
    /// Of each caller, as `tokensPerMinute` and `concurrentCalls`.
    let requestsPerMinute: Int?
    let tokensPerMinute: Int?
    let concurrentCalls: Int?

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
