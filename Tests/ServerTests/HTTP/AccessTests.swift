import Domain
import Foundation
import JSON
import Ledger
import ScriptedUpstream
import Steps
import Synchronization
import TestSupport
import Testing
import Upstream

@Suite("Keys and their limits over HTTP")
struct AccessTests {
    private static let operatorKey = "operator-key-of-the-test"
    private static let question =
        #"{"model":"test/cheap","max_tokens":50,"messages":[{"role":"user","content":"2+2"}]}"#

    private static func with(
        script: @escaping @Sendable (ScriptedRequest) -> ScriptedReply = { _ in
            .completion("4", usage: ScriptedUsage(promptTokens: 10, completionTokens: 1))
        }, _ body: @escaping @Sendable (TestService) async throws -> Void
    ) async throws {
        try await TestService.with(key: operatorKey, script: script, body)
    }

    private static func ask(_ service: TestService, _ key: String, _ body: String = question) async throws -> (
        status: Int, text: String, headers: UpstreamHeaders
    ) {
        try await service.send(
            "POST", "/v1/chat/completions", body: body, headers: [("authorization", "Bearer \(key)")])
    }

    @Test("a key with limits a minute is told what it has left, one without is told nothing")
    func allowance() async throws {
        // 60 of 100 tokens are used: it takes 36 seconds until they are there again.
        let usage = ScriptedUsage(promptTokens: 10, completionTokens: 50)
        try await Self.with(script: { _ in .completion("4", usage: usage) }) { service in
            let ledger = service.stepService.ledger
            let limited = try await ledger.createKey(
                AccessKey(createdAt: .now(), requestsPerMinute: 10, tokensPerMinute: 100), budgets: [])
            let free = try await ledger.createKey(AccessKey(createdAt: .now()), budgets: [])
            let answer = try await Self.ask(service, limited)
            #expect(answer.status == 200)
            #expect(answer.headers["x-ratelimit-limit-requests"] == "10")
            #expect(answer.headers["x-ratelimit-remaining-requests"] == "9")
            #expect(answer.headers["x-ratelimit-limit-tokens"] == "100")
            let left = try #require(answer.headers["x-ratelimit-remaining-tokens"].flatMap { Int($0) })
            #expect(left < 100 && left >= 40)
            #expect(answer.headers["x-ratelimit-reset-requests"]?.hasSuffix("ms") == true)
            #expect(try await Self.ask(service, free).headers["x-ratelimit-limit-requests"] == nil)
        }
    }

    @Test("a key has no more calls at the same time than it may, and may call again then", arguments: [false, true])
    func concurrent(isStream: Bool) async throws {
        let isOpen = Mutex(false)
        try await Self.with { request in
            guard !isOpen.withLock({ $0 }) else {
                return .completion("4", usage: ScriptedUsage(promptTokens: 10, completionTokens: 1))
            }
            let usage = ScriptedUsage(promptTokens: 10, completionTokens: 1)
            let reply = isStream ? ScriptedReply.stream(["4"], usage: usage) : .completion("4", usage: usage)
            return reply.delayed(by: .seconds(2))
        } _: { service async throws in
            let key = try await service.stepService.ledger.createKey(
                AccessKey(createdAt: .now(), concurrentCalls: 1), budgets: [])
            let stream = Self.question.replacing("\"max_tokens\"", with: "\"stream\":true,\"max_tokens\"")
            let body = isStream ? stream : Self.question
            async let first = Self.ask(service, key, body)
            try await waitUntil("the first call") { service.models.record.requests.contains { $0.method == "POST" } }
            let second = try await Self.ask(service, key, body)
            #expect(second.status == 429 && second.text.contains("too_many_calls"))
            #expect(second.headers["retry-after"] == "1")
            #expect(try await first.status == 200)
            isOpen.withLock { $0 = true }
            try await waitUntil("a call after the first") { try await Self.ask(service, key).status == 200 }
        }
    }

    @Test("who made and revoked keys is recorded, for the operator alone")
    func changes() async throws {
        try await Self.with { service in
            let header = [("authorization", "Bearer \(Self.operatorKey)")]
            let made = try await service.send(
                "POST", "/v1/keys", body: #"{"label":"ci","team":"red","budgets":["20/month"],"concurrent_calls":3}"#,
                headers: header)
            #expect(made.status == 201)
            let root = try JSONDocument(Array(made.text.utf8)).root
            let (id, secret) = (try #require(root["id"]?.string), try #require(root["key"]?.string))
            #expect(try await service.send("DELETE", "/v1/keys/\(id)", headers: header).status == 200)
            let listed = try await service.send("GET", "/v1/access_changes", headers: header)
            let changes = try JSONDocument(Array(listed.text.utf8)).root["data"].map { Array($0.elements) } ?? []
            #expect(changes.map { $0["action"]?.string } == ["key.revoked", "key.created"])
            #expect(changes.allSatisfy { $0["actor"]?.string == "operator" && $0["target"]?.string == id })
            #expect(changes.last?["detail"]?.string?.contains("20 USD (month)") == true)
            #expect(!listed.text.contains(secret))
            let other = try await service.stepService.ledger.createKey(AccessKey(createdAt: .now()), budgets: [])
            let refused = try await service.send(
                "GET", "/v1/access_changes", headers: [("authorization", "Bearer \(other)")])
            #expect(refused.status == 403)
        }
    }

    @Test("a repeated request for a key does not get the secret again, which is stored nowhere")
    func repeated() async throws {
        try await Self.with { service in
            let headers = [("authorization", "Bearer \(Self.operatorKey)"), ("idempotency-key", "once")]
            let first = try await service.send("POST", "/v1/keys", body: "{}", headers: headers)
            #expect(first.status == 201)
            let again = try await service.send("POST", "/v1/keys", body: "{}", headers: headers)
            #expect(again.status == 409 && again.text.contains("secret"))
            let listed = try await service.send("GET", "/v1/keys", headers: headers)
            #expect(try JSONDocument(Array(listed.text.utf8)).root["data"]?.count == 1)
        }
    }

    @Test(
        "a route of others' interfaces says why it is not there",
        arguments: ["/v1/moderations", "/v1/rerank", "/v2/rerank", "/v1/images/generations", "/v1/audio/speech"])
    func missing(_ path: String) async throws {
        try await Self.with { service in
            let answer = try await service.send(
                "POST", path, body: "{}", headers: [("authorization", "Bearer \(Self.operatorKey)")])
            #expect(answer.status == 404)
            let error = try JSONDocument(Array(answer.text.utf8)).root["error"]
            #expect(error?["code"]?.string == "not_supported")
            #expect(error?["message"]?.string?.contains("POST \(path): ") == true)
        }
    }
}
