import Domain
import Foundation
package import JSON
import Upstream

/// An issuer of JSON Web Tokens whose callers are let in: an element of `jwt` in the settings.
package struct JWTRule: Hashable, Sendable {
    /// Where the keys of the issuer come from.
    enum KeySource: Hashable, Sendable {
        /// A JSON Web Key Set at a URL.
        case url(String)
        /// The set that the issuer's OpenID configuration names.
        case discovery
        /// A JSON Web Key Set in a file.
        case setFile(String)
        /// A public key or certificate in PEM.
        case keyFile(String)
        /// A secret of HMAC, which can sign as well.
        case secretFile(String)
    }

    /// The exact `iss` of its tokens.
    let issuer: String
    /// Names the issuer in the ids of its callers: `jwt:NAME:SUBJECT`.
    let name: String
    /// A token's `aud` has to have one of them.
    let audiences: [String]
    let keys: KeySource
    /// The algorithms that are taken; nil for all that a key is for.
    let algorithms: [String]?
    /// Which claims say who calls.
    let claims: JWTClaimNames
    /// Claims that a token must have, with the value.
    let required: [JWTRequirement]
    /// Teams by the value of the team's claim, the first that fits; empty where the value is the team.
    let teams: [JWTTeam]
    /// What every caller of the issuer may do, where no claim says more.
    let grant: JWTGrant

    private static let members = [
        "issuer", "name", "audience", "jwks_url", "jwks_file", "public_key_file", "secret_file", "algorithms", "claims",
        "require", "teams", "team", "policy", "models", "requests_per_minute", "tokens_per_minute", "concurrent_calls",
    ]

    /// Reads `jwt` of the settings: a list of issuers.
    package static func list(_ value: JSONValue) throws(FieldError) -> [JWTRule] {
        guard value.kind == .array else { throw FieldError("jwt", "must be a list of {issuer, audience, ...}") }
        var rules: [JWTRule] = []
        for (index, element) in value.elements.enumerated() {
            let rule = try JWTRule(element, path: "jwt[\(index)]")
            guard !rules.contains(where: { $0.issuer == rule.issuer }) else {
                throw FieldError("jwt[\(index)].issuer", "stands twice: name each issuer once")
            }
            guard !rules.contains(where: { $0.name == rule.name }) else {
                throw FieldError(
                    "jwt[\(index)].name", "'\(rule.name)' stands twice: give each issuer a name of its own")
            }
            rules.append(rule)
        }
        return rules
    }

    private init(_ json: JSONValue, path: String) throws(FieldError) {
        let fields = try FieldReader(json, path: path, known: Self.members)
        guard let issuer = try fields.string("issuer"), !issuer.isEmpty else {
            throw FieldError(fields.path("issuer"), "is missing: the exact `iss` of the tokens")
        }
        self.issuer = issuer
        name = try fields.string("name") ?? Self.host(of: issuer)
        guard (1...80).contains(name.utf8.count), name.utf8.allSatisfy(Self.isNameByte) else {
            throw FieldError(
                fields.path("name"), "must be of letters, digits, '-', '_' and '.', and not '\(name.prefix(40))'")
        }
        audiences = try Self.texts("audience", in: fields) ?? []
        guard !audiences.isEmpty, !audiences.contains("") else {
            throw FieldError(
                fields.path("audience"), "is missing: without it, tokens for other services would be taken")
        }
        keys = try Self.keySource(fields, issuer: issuer)
        algorithms = try fields.strings("algorithms")
        try JWTAlgorithms.check(algorithms, for: keys, path: fields.path("algorithms"))
        claims =
            try fields.value("claims").map { value throws(FieldError) in
                try JWTClaimNames(json: value, path: fields.path("claims"))
            } ?? JWTClaimNames()
        required = try JWTRequirement.list(fields.value("require"), path: fields.path("require"))
        teams = try JWTTeam.list(fields.value("teams"), path: fields.path("teams"))
        guard teams.isEmpty || claims.team != nil else {
            throw FieldError(fields.path("teams"), "needs claims.team, the claim whose values it maps")
        }
        grant = try JWTGrant(fields)
    }

    private static func keySource(_ fields: FieldReader, issuer: String) throws(FieldError) -> KeySource {
        var sources: [KeySource] = []
        if let url = try fields.string("jwks_url") {
            if let problem = problem(ofKeyURL: url) { throw FieldError(fields.path("jwks_url"), problem) }
            sources.append(.url(url))
        }
        if let path = try fields.string("jwks_file") { sources.append(.setFile(path)) }
        if let path = try fields.string("public_key_file") { sources.append(.keyFile(path)) }
        if let path = try fields.string("secret_file") { sources.append(.secretFile(path)) }
        guard sources.count < 2 else {
            throw FieldError(
                fields.path("jwks_url"),
                "is one way to name the keys; use one of jwks_url, jwks_file, public_key_file "
                    + "and secret_file")
        }
        if let source = sources.first { return source }
        guard problem(ofKeyURL: issuer) == nil else {
            throw FieldError(
                fields.path("jwks_url"),
                "is missing: the issuer is no https URL whose OpenID configuration could name it. Else name jwks_file, "
                    + "public_key_file or secret_file")
        }
        return .discovery
    }

    /// Why keys are not fetched from a URL; nil where they are. Who can change them in transit can let anyone in.
    static func problem(ofKeyURL url: String) -> String? {
        guard let origin = try? Origin(url: url) else { return "must be a URL like https://login.example.com/keys" }
        let isLocal = ["localhost", "127.0.0.1", "::1"].contains(origin.hostName)
        return origin.isSecure || isLocal ? nil : "must begin with https:// (http:// only for this machine)"
    }

    private static func host(of issuer: String) -> String {
        guard let start = issuer.firstRange(of: "://")?.upperBound else { return issuer }
        return String(issuer[start...].prefix { $0 != "/" && $0 != ":" && $0 != "?" })
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    /// A text or a list of texts.
    private static func texts(_ name: String, in fields: FieldReader) throws(FieldError) -> [String]? {
        if let text = fields.value(name)?.string { return [text] }
        return try fields.strings(name)
    }
}
