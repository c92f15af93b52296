import Domain
import Foundation
import JSON
import Ledger
import ScriptedUpstream
import Steps
import TestSupport
import Testing
import Upstream

@Suite("Callers with tokens over HTTP")
struct TokenCallerTests {
    private static let signer = TestSigner(.rsa(bits: 2048))
    private static let question =
        #"{"model":"test/cheap","max_tokens":50,"user":"mallory","messages":[{"role":"user","content":"2+2"}]}"#

    private static func token(_ others: String = "", subject: String = "alice", seconds: Double = 300) -> String {
        let end = Int(Timestamp.now().seconds + seconds)
        return signer.token(
            #"{"iss":"https://login.test","aud":"hera","sub":"\#(subject)","exp":\#(end)\#(others)}"#,
            algorithm: "RS256")
    }

    private static func with(
        _ members: String, key: String? = nil, _ body: @escaping @Sendable (TestService) async throws -> Void
    ) async throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("key-\(UUID()).pem")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(signer.pem).write(to: file)
        let text = #"""
            [{"issuer":"https://login.test","name":"login","audience":"hera","public_key_file":"\#(file.path)"\#(members)}]
            """#
        var settings = Settings()
        settings.jwt = try JWTRule.list(try JSONDocument(Array(text.utf8)).root)
        try await TestService.with(settings: settings, key: key) { _ in
            .completion("4", usage: ScriptedUsage(promptTokens: 10, completionTokens: 1))
        } _: { service async throws in
            try await body(service)
        }
    }

    private static func send(
        _ service: TestService, _ token: String?, _ method: String = "POST", _ path: String = "/v1/chat/completions",
        body: String = question
    ) async throws -> (status: Int, text: String, headers: UpstreamHeaders) {
        try await service.send(
            method, path, body: body, headers: token.map { [("authorization", "Bearer \($0)")] } ?? [])
    }

    private static func code(_ text: String) throws -> String? {
        try JSONDocument(Array(text.utf8)).root["error"]?["code"]?.string
    }

    @Test("a call is booked on the token's subject, team and user, and their budgets hold")
    func booked() async throws {
        try await Self.with(#","claims":{"team":"team","user":"sub"}"#) { service in
            let ledger = service.stepService.ledger
            for scope in [BudgetScope.key("jwt:login:alice"), .team("red"), .user("alice")] {
                try await ledger.write {
                    try $0.setBudget(
                        Budget(scope: scope, limit: .usd(Money(nanoUSD: 100_000_000)), window: .month), at: .now())
                }
            }
            let answer = try await Self.send(service, Self.token(#","team":"red""#))
            #expect(answer.status == 200)
            let statuses = try await ledger.read { try $0.budgets(of: nil, at: .now()) }
            #expect(statuses.count == 3 && statuses.allSatisfy { $0.spent > 0 }, "\(statuses)")
            // A team without money refuses all its callers.
            try await ledger.write {
                try $0.setBudget(
                    Budget(scope: .team("red"), limit: .usd(Money(nanoUSD: 1)), window: .month), at: .now())
            }
            let refused = try await Self.send(service, Self.token(#","team":"red""#, subject: "bob"))
            #expect([402, 429].contains(refused.status))
            #expect(try await Self.send(service, Self.token(#","team":"blue""#, subject: "bob")).status == 200)
            #expect(try await Self.send(service, Self.token(subject: "bob")).status == 403)
        }
    }

    @Test("each subject sees its own, and none the operator's")
    func owned() async throws {
        try await Self.with("", key: "operator-key") { service in
            let alice = Self.token()
            let made = try await Self.send(service, alice)
            let id = try #require(made.headers["x-hera-decision"])
            #expect(try await Self.send(service, alice, "GET", "/v1/decisions/\(id)", body: "").status == 200)
            let bob = Self.token(subject: "bob")
            #expect(try await Self.send(service, bob, "GET", "/v1/decisions/\(id)", body: "").status == 404)
            #expect(try await Self.send(service, bob, "POST", "/v1/keys", body: "{}").status == 403)
            #expect(try await Self.send(service, bob, "GET", "/metrics", body: "").status == 403)
            #expect(try await Self.send(service, "operator-key", "GET", "/v1/decisions/\(id)", body: "").status == 200)
        }
    }

    @Test("issuers make a key needed, wrong tokens are 401 with the reason and without the token")
    func refused() async throws {
        try await Self.with("") { service in
            #expect(try await Self.send(service, nil).status == 401)
            #expect(try await Self.send(service, "some-other-key").status == 401)
            let old = Self.token(seconds: -100)
            for _ in 0..<12 {
                let answer = try await Self.send(service, old)
                #expect(answer.status == 401 && answer.text.contains("the token ended at"))
                #expect(try Self.code(answer.text) == "invalid_token")
                #expect(!answer.text.contains(old.split(separator: ".")[1]))
            }
            // Old tokens of one caller hold up no other behind the same address.
            #expect(try await Self.send(service, Self.token(subject: "bob")).status == 200)
            let anthropic = try await service.send(
                "POST", "/v1/messages", body: Self.question, headers: [("x-api-key", old)])
            #expect(anthropic.status == 401 && anthropic.text.contains("authentication_error"))
        }
    }

    @Test("models and limits of the issuer hold for each subject, and refusals say what is left")
    func limited() async throws {
        try await Self.with(#","models":{"allow":["test/cheap"]},"requests_per_minute":2"#) { service in
            let dear = Self.question.replacing("test/cheap", with: "test/dear")
            let refused = try await Self.send(service, Self.token(), body: dear)
            #expect(refused.status >= 400 && refused.headers["x-ratelimit-remaining-requests"] == "1")
            #expect(try await Self.send(service, Self.token()).headers["x-ratelimit-remaining-requests"] == "0")
            let late = try await Self.send(service, Self.token())
            #expect(late.status == 429 && late.headers["x-ratelimit-remaining-requests"] == "0")
            #expect(late.headers["x-ratelimit-limit-requests"] == "2")
            #expect(try await Self.send(service, Self.token(subject: "bob")).status == 200)
        }
    }

    @Test("keys that cannot be had are 503, and say so")
    func unavailable() async throws {
        var settings = Settings()
        let text = #"[{"issuer":"i","audience":"hera","jwks_file":"/nowhere/keys.json"}]"#
        settings.jwt = try JWTRule.list(try JSONDocument(Array(text.utf8)).root)
        try await TestService.with(settings: settings) { _ in
            .completion("4")
        } _: { service async throws in
            let answer = try await Self.send(
                service, Self.signer.token(#"{"iss":"i","aud":"hera","sub":"a","exp":9e9}"#, algorithm: "RS256"))
            #expect(answer.status == 503 && answer.headers["retry-after"] == "10")
            #expect(answer.text.contains("/nowhere/keys.json cannot be read"))
            #expect(try Self.code(answer.text) == "token_keys_unavailable")
        }
    }
}
