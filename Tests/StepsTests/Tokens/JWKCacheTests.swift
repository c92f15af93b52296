import Domain
import JSON
import Ledger
import ScriptedUpstream
import Synchronization
import TestSupport
import Testing
import Upstream

@testable import Steps

@Suite("Keys of a token's issuer")
struct JWKCacheTests {
    private static let keys = (one: TestSigner(.p256), two: TestSigner(.ed25519))

    private static func set(_ keys: String...) -> ScriptedReply {
        .json(#"{"keys":[\#(keys.joined(separator: ","))]}"#)
    }

    private static func rule(_ members: String, issuer: String = "https://login.test") throws -> [JWTRule] {
        let text = #"[{"issuer":"\#(issuer)","name":"login","audience":"hera"\#(members)}]"#
        return try JWTRule.list(try JSONDocument(Array(text.utf8)).root)
    }

    private static func moment(_ seconds: Int64) -> Timestamp {
        Timestamp(milliseconds: 1_800_000_000_000 + seconds * 1000)
    }

    private static func claims(_ issuer: String = "https://login.test") -> String {
        #"{"iss":"\#(issuer)","aud":"hera","sub":"alice","exp":1900000000}"#
    }

    private static func result(_ verifier: JWTVerifier, _ token: String, _ seconds: Int64) async -> String {
        do throws(JWTFault) {
            return try await verifier.caller(of: token, at: moment(seconds)).key.id
        } catch {
            // Descriptions of enumerations escape quotes.
            return "\(error)".replacing("\\'", with: "'")
        }
    }

    @Test("issuers are replaced at once, and those that stay keep their keys")
    func replaced() async throws {
        try await Loopback.with { _ in
            Self.set(Self.keys.one.jwk(id: "k1"))
        } _: { loopback async throws in
            let rules = try Self.rule(#","jwks_url":"\#(loopback.server.baseURL)/keys""#)
            let verifier = JWTVerifier(rules, upstream: loopback.client, logger: JWTVerifierTests.logger)
            let token = Self.keys.one.token(Self.claims(), algorithm: "ES256", keyID: "k1")
            #expect(await Self.result(verifier, token, 0) == "jwt:login:alice")
            let others = try Self.rule(
                #","jwks_url":"\#(loopback.server.baseURL)/others""#, issuer: "https://other.test")
            verifier.replace(with: rules + others)
            #expect(await Self.result(verifier, token, 1) == "jwt:login:alice")
            #expect(loopback.server.record.requests.count == 1)
            verifier.replace(with: others)
            #expect(await Self.result(verifier, token, 2).contains("which the settings do not name"))
        }
    }

    @Test("keys are read once for all, and a new key is found after a minute at most")
    func rotation() async throws {
        let hasSecond = Mutex(false)
        try await Loopback.with { _ in
            let one = Self.keys.one.jwk(id: "k1", others: #","use":"sig","alg":"ES256""#)
            let unusable = [
                #"{"kty":"oct","k":"c2VjcmV0"}"#, #"{"kty":"RSA","n":"AA","e":"AQAB"}"#,
                TestSigner(.p384).jwk(id: "k2", others: #","use":"enc""#),
            ]
            let two = hasSecond.withLock { $0 } ? [Self.keys.two.jwk(id: "k2")] : []
            return .json(#"{"keys":[\#((unusable + [one] + two).joined(separator: ","))]}"#)
        } _: { loopback async throws in
            let rules = try Self.rule(#","jwks_url":"\#(loopback.server.baseURL)/keys""#)
            let verifier = JWTVerifier(rules, upstream: loopback.client, logger: JWTVerifierTests.logger)
            let first = Self.keys.one.token(Self.claims(), algorithm: "ES256", keyID: "k1")
            let second = Self.keys.two.token(Self.claims(), algorithm: "EdDSA", keyID: "k2")
            let ids = await withTaskGroup(of: String.self) { group in
                for _ in 0..<8 { group.addTask { await Self.result(verifier, first, 0) } }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(ids == Array(repeating: "jwt:login:alice", count: 8))
            #expect(loopback.server.record.requests.count == 1)
            #expect(await Self.result(verifier, second, 10).contains("'k2' (`kid`), which its issuer does not list"))
            hasSecond.withLock { $0 = true }
            #expect(await Self.result(verifier, second, 59).contains("does not list"))
            #expect(loopback.server.record.requests.count == 1)
            #expect(await Self.result(verifier, second, 61) == "jwt:login:alice")
            #expect(loopback.server.record.requests.count == 2)
            #expect(await Self.result(verifier, first, 62) == "jwt:login:alice")
            // The other key's id with this key's signature.
            let mixed = Self.keys.one.token(Self.claims(), algorithm: "ES256", keyID: "k2")
            #expect(await Self.result(verifier, mixed, 63).hasPrefix("bad"))
            // Without an id, all keys for the algorithm are tried.
            let bare = Self.keys.two.token(Self.claims(), algorithm: "EdDSA")
            #expect(await Self.result(verifier, bare, 64) == "jwt:login:alice")
            #expect(loopback.server.record.requests.count == 2)
        }
    }

    @Test("without keys nothing can be said, and known keys serve a day without their issuer")
    func failing() async throws {
        let isBroken = Mutex(true)
        try await Loopback.with { _ in
            isBroken.withLock { $0 } ? .json("{}", status: 500) : Self.set(Self.keys.one.jwk(id: nil))
        } _: { loopback async throws in
            let rules = try Self.rule(#","jwks_url":"\#(loopback.server.baseURL)/keys?secret=1""#)
            let verifier = JWTVerifier(rules, upstream: loopback.client, logger: JWTVerifierTests.logger)
            let token = Self.keys.one.token(Self.claims(), algorithm: "ES256", keyID: "any")
            let fault = await Self.result(verifier, token, 0)
            #expect(fault.hasPrefix("unavailable") && fault.contains("answered with 500") && !fault.contains("secret="))
            #expect(await Self.result(verifier, token, 5).hasPrefix("unavailable"))
            #expect(loopback.server.record.requests.count == 1)
            isBroken.withLock { $0 = false }
            #expect(await Self.result(verifier, token, 11) == "jwt:login:alice")
            isBroken.withLock { $0 = true }
            #expect(await Self.result(verifier, token, 80_000) == "jwt:login:alice")
            #expect(loopback.server.record.requests.count == 3)
            #expect(await Self.result(verifier, token, 90_000).hasPrefix("unavailable"))
        }
    }

    @Test(
        "a set that is none, or has no key to use, is a reason",
        arguments: ["{", "[]", #"{"keys":[]}"#, #"{"keys":[{"kty":"oct","k":"AAAA"}]}"#])
    func empty(_ body: String) async throws {
        try await Loopback.with { _ in
            .json(body)
        } _: { loopback async throws in
            let rules = try Self.rule(#","jwks_url":"\#(loopback.server.baseURL)/keys""#)
            let verifier = JWTVerifier(rules, upstream: loopback.client, logger: JWTVerifierTests.logger)
            let token = Self.keys.one.token(Self.claims(), algorithm: "ES256")
            #expect(await Self.result(verifier, token, 0).hasPrefix("unavailable"))
        }
    }

    @Test("the issuer's OpenID configuration names its keys, if it is that of the issuer")
    func discovery() async throws {
        let address = Mutex("")
        let isOther = Mutex(false)
        try await Loopback.with { request in
            let base = address.withLock { $0 }
            guard request.path.hasSuffix("/.well-known/openid-configuration") else {
                return Self.set(Self.keys.one.jwk(id: nil))
            }
            let issuer = isOther.withLock { $0 } ? "https://other.test" : base
            return .json(#"{"issuer":"\#(issuer)","jwks_uri":"\#(base)/keys"}"#)
        } _: { loopback async throws in
            let issuer = loopback.server.baseURL
            address.withLock { $0 = issuer }
            let token = Self.keys.one.token(Self.claims(issuer), algorithm: "ES256")
            for other in [false, true] {
                isOther.withLock { $0 = other }
                let verifier = JWTVerifier(
                    try Self.rule("", issuer: issuer), upstream: loopback.client, logger: JWTVerifierTests.logger)
                let result = await Self.result(verifier, token, 0)
                #expect(other ? result.contains("of another issuer") : result == "jwt:login:alice", "\(result)")
            }
        }
    }

    @Test(
        "settings say what is wrong with them",
        arguments: [
            (#"{"issuer":"https://i"}"#, "jwt[0].audience", "is missing"),
            (#"{"audience":"a"}"#, "jwt[0].issuer", "is missing"),
            (#"{"issuer":"i","audience":"a"}"#, "jwt[0].jwks_url", "is missing"),
            (#"{"issuer":"http://login.test","audience":"a"}"#, "jwt[0].jwks_url", "is missing"),
            (#"{"issuer":"i","audience":"a","jwks_url":"http://login.test/k"}"#, "jwt[0].jwks_url", "https://"),
            (
                #"{"issuer":"i","audience":"a","jwks_file":"f","secret_file":"g"}"#, "jwt[0].jwks_url",
                "is one way to name the keys"
            ),
            (#"{"issuer":"i","audience":"a","jwks_file":"f","algorithms":["HS256"]}"#, "jwt[0].algorithms", "secret"),
            (#"{"issuer":"i","audience":"a","secret_file":"f","algorithms":["RS256"]}"#, "jwt[0].algorithms", "public"),
            (#"{"issuer":"i","audience":"a","jwks_file":"f","algorithms":["none"]}"#, "jwt[0].algorithms", "not known"),
            (#"{"issuer":"i","audience":"a","jwks_file":"f","teams":{"a":"b"}}"#, "jwt[0].teams", "claims.team"),
            (#"{"issuer":"i","audience":"a","jwks_file":"f","require":{"scope":1}}"#, "jwt[0].require.scope", "text"),
            (#"{"issuer":"a b","audience":"a","jwks_file":"f"}"#, "jwt[0].name", "letters"),
            (#"{"issuer":"i","audience":"a","jwk_url":"f"}"#, "jwt[0].jwk_url", "jwks_url"),
        ])
    func settings(text: String, field: String, words: String) throws {
        let json = try JSONDocument(Array("[\(text)]".utf8)).root
        let error = try #require(throws: FieldError.self) { try JWTRule.list(json) }
        #expect(error.field == field && error.problem.contains(words), "\(error)")
    }

    @Test("a file that is missing or no key is named")
    func files() throws {
        for name in ["jwks_file", "public_key_file", "secret_file"] {
            let problem = try Self.rule(#","\#(name)":"/nowhere/key""#)[0].fileProblem
            #expect(problem == "the keys of the issuer 'login': /nowhere/key cannot be read")
        }
        #expect(try Self.rule(#","public_key_file":"/etc/hostname""#)[0].fileProblem?.contains("no public key") == true)
        #expect(try Self.rule("")[0].fileProblem == nil)
    }
}
