import Digest
import Domain
import Foundation
import JSON
import Ledger
import Logging
import TestSupport
import Testing
import Upstream

@testable import Steps

@Suite("Callers with tokens")
struct JWTVerifierTests {
    static let signer = TestSigner(.p256)
    static let now = Timestamp(milliseconds: 1_800_000_000_000)
    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Claims of a right token, with further members after a comma.
    static func claims(_ others: String = "", end: Int = 1_800_000_300) -> String {
        #"{"iss":"https://login.test","aud":"hera","sub":"alice","exp":\#(end)\#(others)}"#
    }

    /// A verifier with the public key in a file, and further members of the issuer.
    private static func verifier(_ others: String = "") throws -> JWTVerifier {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("key-\(UUID()).pem")
        try Data(signer.pem).write(to: file)
        let rules = try Self.rules(#""public_key_file":"\#(file.path)"\#(others)"#)
        return JWTVerifier(rules, upstream: nil, logger: logger)
    }

    static func rules(_ members: String) throws -> [JWTRule] {
        let text = #"[{"issuer":"https://login.test","audience":"hera",\#(members)}]"#
        return try JWTRule.list(try JSONDocument(Array(text.utf8)).root)
    }

    private static func caller(_ claims: String, _ others: String = "") async throws -> TokenCaller {
        try await verifier(others).caller(of: signer.token(claims, algorithm: "ES256"), at: now)
    }

    private static func fault(_ token: String, _ others: String = "", at now: Timestamp = now) async throws -> String {
        let verifier = try verifier(others)
        do throws(JWTFault) {
            let caller = try await verifier.caller(of: token, at: now)
            return "let in as \(caller.key.id)"
        } catch {
            // Descriptions of enumerations escape quotes.
            return "\(error)".replacing("\\'", with: "'")
        }
    }

    @Test("a token without further claims is a caller of its own, who may do what the issuer's may")
    func plain() async throws {
        let caller = try await Self.caller(
            Self.claims(),
            #","name":"login","team":"red","policy":"careful","models":{"deny":["a/b"]},"requests_per_minute":5"#)
        #expect(caller.key.id == "jwt:login:alice" && caller.user == nil)
        #expect(caller.key.team == "red" && caller.key.policy == "careful" && caller.key.requestsPerMinute == 5)
        #expect(!caller.key.models.admits(ModelID("a/b")) && caller.key.models.admits(ModelID("a/c")))
        #expect(try await Self.caller(Self.claims()).key.id == "jwt:login.test:alice")
    }

    @Test("claims say team, policy, models and user, also inside objects")
    func mapped() async throws {
        let names = #","claims":{"subject":"oid","team":"x.y","policy":"https://t.test/p","models":"m","user":"email"}"#
        let caller = try await Self.caller(
            Self.claims(
                #","oid":"a b","x":{"y":"blue"},"https://t.test/p":"fast","m":"a/b c/d","email":"a@t.test""#), names)
        #expect(caller.key.id == "jwt:login.test:a%20b" && caller.user == "a@t.test")
        #expect(caller.key.team == "blue" && caller.key.policy == "fast")
        #expect(caller.key.models.allow == [ModelID("a/b"), ModelID("c/d")])
        let without = try await Self.caller(Self.claims(#","oid":"o","x":{"y":["blue"]}"#), names)
        #expect(without.user == "o" && without.key.team == "blue" && without.key.models == ModelFilter())
    }

    @Test("subjects that differ are never one caller")
    func subjects() async throws {
        let names = ["a b", "a%20b", "a\\u0000b", "a\\u00e9b", "a%C3%A9b", "A b"]
        var ids: Set<String> = []
        for name in names {
            let text = #"{"iss":"https://login.test","aud":"hera","sub":"\#(name)","exp":1800000300}"#
            ids.insert(try await Self.caller(text).key.id)
        }
        #expect(ids.count == names.count && ids.allSatisfy { !$0.contains(" ") })
    }

    @Test(
        "a claim of several values is a team where the settings say which counts",
        arguments: [
            (#"["g1","g2"]"#, #","teams":{"g2":"two","g1":"one"}"#, "two"),
            (#"["g9"]"#, #","teams":{"g1":"one"},"team":"rest""#, "rest"),
            (#""g1""#, #","teams":{"g1":"one"}"#, "one"),
        ])
    func teams(value: String, settings: String, team: String) async throws {
        let caller = try await Self.caller(
            Self.claims(#","groups":\#(value)"#), #","claims":{"team":"groups"}\#(settings)"#)
        #expect(caller.key.team == team)
    }

    @Test(
        "a caller without a team, a needed claim or a model is forbidden",
        arguments: [
            ("", #","claims":{"team":"groups"}"#, "names no team"),
            (#","groups":["a","b"]"#, #","claims":{"team":"groups"}"#, "names 2 teams"),
            (#","groups":["a"]"#, #","claims":{"team":"groups"},"teams":{"b":"c"}"#, "none of the teams"),
            (#","scope":"read""#, #","require":{"scope":["hera","all"]}"#, "has not 'hera', 'all'"),
            (#","m":[]"#, #","claims":{"models":"m"}"#, "allows no model"),
        ])
    func forbidden(claims: String, settings: String, words: String) async throws {
        let token = Self.signer.token(Self.claims(claims), algorithm: "ES256")
        let fault = try await Self.fault(token, settings)
        #expect(fault.hasPrefix("forbidden") && fault.contains(words))
    }

    @Test("a needed claim may be a word of a text or an element of a list")
    func required() async throws {
        let settings = #","require":{"scope":"hera","groups":"ai"}"#
        _ = try await Self.caller(Self.claims(#","scope":"openid hera","groups":["x","ai"]"#), settings)
    }

    @Test("time and audience are checked, with a minute for clocks that differ")
    func times() async throws {
        let token = Self.signer.token(Self.claims(#","nbf":1799999000"#), algorithm: "ES256")
        func fault(_ seconds: Int64) async throws -> String {
            try await Self.fault(token, at: Timestamp(milliseconds: seconds * 1000))
        }
        #expect(try await fault(1_800_000_359).hasPrefix("let in"))
        #expect(try await fault(1_800_000_360).contains("ended at 2027-01-15T08:05:00"))
        #expect(try await fault(1_799_998_940).hasPrefix("let in"))
        #expect(try await fault(1_799_998_939).contains("is not valid before"))
        let others = [
            (#"{"iss":"https://login.test","aud":"other","sub":"a","exp":1800000300}"#, "is for 'other'"),
            (#"{"iss":"https://login.test","sub":"a","exp":1800000300}"#, "is for no audience"),
            (#"{"iss":"https://login.test","aud":"hera","sub":"a"}"#, "has no end"),
            (#"{"iss":"https://login.test","aud":"hera","sub":"a","exp":"soon"}"#, "has no end"),
            (#"{"iss":"https://login.test","aud":"hera","exp":1800000300}"#, "names no subject"),
            (#"{"iss":"https://evil.test","aud":"hera","sub":"a","exp":1800000300}"#, "do not name"),
            (#"{"aud":"hera","sub":"a","exp":1800000300}"#, "names no issuer"),
        ]
        for (claims, words) in others {
            let fault = try await Self.fault(Self.signer.token(claims, algorithm: "ES256"))
            #expect(fault.hasPrefix("bad") && fault.contains(words), "\(fault)")
        }
        let many = #"{"iss":"https://login.test","aud":["x","hera"],"sub":"a","exp":1800000300.5}"#
        #expect(try await Self.fault(Self.signer.token(many, algorithm: "ES256")).hasPrefix("let in"))
    }

    @Test("tokens that are unsigned, signed by others or by another algorithm are refused, without their text")
    func forged() async throws {
        let claims = Self.claims()
        let pem = Self.signer.pem
        let right = Self.signer.token(claims, algorithm: "ES256")
        let parts = right.split(separator: ".")
        let changed = TestSigner.text(of: Array(Self.claims(#","admin":true"#).utf8))
        let forged = [
            TestSigner.token(claims, algorithm: "none") { _ in [0] },
            TestSigner.token(claims, algorithm: "none") { _ in [] },
            // The public key as the secret of HMAC.
            TestSigner.token(claims, algorithm: "HS256") { HMACSHA256.code(of: $0, key: pem) },
            TestSigner(.p256).token(claims, algorithm: "ES256"),
            TestSigner(.rsa(bits: 2048)).token(claims, algorithm: "RS256"),
            TestSigner.token(claims, algorithm: "ES256") { _ in [UInt8](repeating: 0, count: 64) },
            TestSigner.token(claims, algorithm: "ES256", others: #","crit":["exp"]"#) {
                Self.signer.signature(of: $0, digest: "SHA256")
            },
            "\(parts[0]).\(changed).\(parts[2])",
            "\(parts[0]).\(parts[1]).\(parts[2])AAAA",
            "e30.e30.AAAA",
        ]
        for token in forged {
            let fault = try await Self.fault(token)
            #expect(fault.hasPrefix("bad"), "\(fault)")
            for part in token.split(separator: ".") where part.count > 20 { #expect(!fault.contains(part)) }
        }
        #expect(try await Self.fault(right, #","algorithms":["ES384"]"#).contains("has the algorithm 'ES256'"))
    }

    @Test("a secret in a file signs by HMAC and by nothing else")
    func secret() async throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("secret-\(UUID())")
        defer { try? FileManager.default.removeItem(at: file) }
        let secret = [UInt8](repeating: UInt8(ascii: "s"), count: 40)
        try Data(secret + [0x0A]).write(to: file)
        let rules = try Self.rules(#""secret_file":"\#(file.path)""#)
        #expect(rules[0].fileProblem == nil)
        let verifier = JWTVerifier(rules, upstream: nil, logger: Self.logger)
        let token = TestSigner.token(Self.claims(), algorithm: "HS256") { HMACSHA256.code(of: $0, key: secret) }
        #expect(try await verifier.caller(of: token, at: Self.now).key.id == "jwt:login.test:alice")
        await #expect(throws: JWTFault.self) {
            try await verifier.caller(of: Self.signer.token(Self.claims(), algorithm: "ES256"), at: Self.now)
        }
    }

    @Test("only texts of three parts in base64 for URLs are tokens")
    func form() throws {
        let verifier = try Self.verifier()
        for text in ["a.b.c", "eyJ.e30.-_"] { #expect(verifier.isToken(text)) }
        for text in ["hera-a-b", "a.b", "a..c", "a.b.", ".b.c", "a.b.c.d", "a.b.c=", "a.b.ü", ""] {
            #expect(!verifier.isToken(text))
        }
        #expect(!JWTVerifier([], upstream: nil, logger: Self.logger).isToken("a.b.c"))
    }
}
