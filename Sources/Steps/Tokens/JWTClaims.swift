import Domain
import JSON
package import Ledger

/// Whom a verified token names, as an access key says it.
package struct TokenCaller: Sendable {
    /// Team, policy, models and limits. Its id is `jwt:ISSUER:SUBJECT`, which no made key has.
    package let key: AccessKey
    /// The end user; nil where callers name it themselves.
    package let user: String?
}

/// The claims of a token, read by the rules of its issuer.
struct JWTClaims {
    let rule: JWTRule
    let claims: JSONValue

    /// Clocks differ by so much at most.
    static let leeway = 60.0
    private static let longestSubject = 180
    private static let longestTeam = 200

    /// Refuses a token of another time or for another service (RFC 7519, section 4.1).
    func check(at now: Timestamp) throws(JWTFault) {
        guard let end = claims["exp"]?.double else { throw .bad("has no end (`exp`)") }
        guard now.seconds < end + Self.leeway else { throw .bad("ended at \(Self.moment(end))") }
        if let value = claims["nbf"] {
            guard let start = value.double else { throw .bad("has a beginning (`nbf`) that is no number") }
            guard now.seconds >= start - Self.leeway else { throw .bad("is not valid before \(Self.moment(start))") }
        }
        let audiences = claims["aud"].map { Self.texts($0) } ?? []
        guard audiences.contains(where: rule.audiences.contains) else {
            throw .bad(
                "is for \(audiences.isEmpty ? "no audience" : Self.list(audiences)) (`aud`), and not for "
                    + Self.list(rule.audiences))
        }
    }

    /// Whom the token names.
    func caller(at now: Timestamp) throws(JWTFault) -> TokenCaller {
        for requirement in rule.required {
            let texts = claim(requirement.claim).map { Self.words($0) } ?? []
            guard texts.contains(where: requirement.values.contains) else {
                throw .forbidden(
                    "the token's claim '\(requirement.claim)' has not \(Self.list(requirement.values)), which the settings "
                        + "ask for")
            }
        }
        guard let subject = claim(rule.claims.subject)?.string, !subject.isEmpty else {
            throw .bad("names no subject (`\(rule.claims.subject)`)")
        }
        let id = Self.encoded(subject)
        guard id.utf8.count <= Self.longestSubject else { throw .bad("has a subject that is too long") }
        let grant = rule.grant
        let key = AccessKey(
            id: "jwt:\(rule.name):\(id)", team: try team(), createdAt: now, models: try models(),
            policy: rule.claims.policy.flatMap { claim($0)?.string } ?? grant.policy,
            requestsPerMinute: grant.requestsPerMinute, tokensPerMinute: grant.tokensPerMinute,
            concurrentCalls: grant.concurrentCalls)
        return TokenCaller(key: key, user: rule.claims.user.map { claim($0)?.string ?? subject })
    }

    /// The team of the claim, else of the issuer. A token without a team is refused where one is asked for: its money
    /// would pass the team's budget.
    private func team() throws(JWTFault) -> String? {
        guard let name = rule.claims.team else { return rule.grant.team }
        let values = claim(name).map { Self.texts($0) } ?? []
        if !rule.teams.isEmpty, let found = rule.teams.first(where: { values.contains($0.value) }) { return found.team }
        if values.isEmpty || !rule.teams.isEmpty {
            if let team = rule.grant.team { return team }
            throw .forbidden(
                values.isEmpty
                    ? "the token names no team (`\(name)`)"
                    : "the token's claim '\(name)' has none of the teams of the settings")
        }
        guard values.count == 1 else {
            throw .forbidden(
                "the token names \(values.count) teams (`\(name)`): the operator has to say by `teams` which one counts"
            )
        }
        let team = values[0]
        guard team.utf8.count <= Self.longestTeam, !team.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            throw .bad("has a team of more than \(Self.longestTeam) bytes, or with control characters")
        }
        return team
    }

    /// The models of the claim, among those of the issuer. An empty list is none, not all.
    private func models() throws(JWTFault) -> ModelFilter {
        guard let name = rule.claims.models, let value = claim(name) else { return rule.grant.models }
        let names = value.string.map { $0.split(separator: " ").map(String.init) } ?? Self.texts(value)
        guard !names.isEmpty else { throw .forbidden("the token allows no model (`\(name)`)") }
        return rule.grant.models.narrowed(by: ModelFilter(allow: names.map { ModelID($0) }))
    }

    /// A claim by its name, else by a path of names.
    private func claim(_ name: String) -> JSONValue? {
        if let value = claims[name] { return value.isNull ? nil : value }
        var value = claims
        for part in name.split(separator: ".") {
            guard let next = value[String(part)], !next.isNull else { return nil }
            value = next
        }
        return value
    }

    private static func texts(_ value: JSONValue) -> [String] {
        value.string.map { $0.isEmpty ? [] : [$0] } ?? value.elements.compactMap(\.string)
    }

    /// The texts of a list, or the words of a text, and the text itself.
    private static func words(_ value: JSONValue) -> [String] {
        guard let text = value.string else { return texts(value) }
        let words = text.split(separator: " ").map(String.init)
        return words.count > 1 ? words + [text] : words
    }

    /// A subject in printable ASCII without blanks, each in one way only.
    private static func encoded(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            if byte > 0x20, byte < 0x7F, byte != UInt8(ascii: "%") {
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                encoded += "%" + String(UInt16(byte) + 0x100, radix: 16, uppercase: true).dropFirst()
            }
        }
        return encoded
    }

    private static func moment(_ seconds: Double) -> String {
        "\(Timestamp(milliseconds: 0).advanced(bySeconds: seconds))"
    }

    private static func list(_ texts: [String]) -> String {
        texts.prefix(4).map { "'\($0.prefix(100))'" }.joined(separator: ", ")
    }
}
