import Calls
import Domain
import JSON
import Ledger
import ScriptedUpstream
import Steps
import Testing
import Upstream

@Suite("Errors of Anthropic's messages over HTTP")
struct MessagesErrorTests {
    private static let path = "/v1/messages"
    private static let user = #""max_tokens":9,"messages":[{"role":"user","content":"x"}]"#

    private static func error(_ text: String) throws -> (type: String?, message: String) {
        let root = try JSONDocument(Array(text.utf8)).root
        #expect(root["type"]?.string == "error")
        return (root["error"]?["type"]?.string, root["error"]?["message"]?.string ?? "")
    }

    @Test(
        "each invalid request has Anthropic's error object, its status and a hint",
        arguments: [
            (#"{"model": "hera", "messages": ["#, 400, "invalid_request_error", "the body is not valid JSON"),
            (
                #"{"model":"hera","messages":[{"role":"user","content":"x"}]}"#, 400, "invalid_request_error",
                "max_tokens:"
            ),
            (
                #"{"model":"hera","max_tokens":9,"messages":[{"role":"user","content":[{"type":"video"}]}]}"#, 400,
                "invalid_request_error", "messages[0].content[0].type: 'video' cannot be passed on"
            ),
            (#"{"model":"test/cheep",\#(user)}"#, 404, "not_found_error", "did you mean 'test/cheap'?"),
            (#"{"model":"test/vectors",\#(user)}"#, 400, "invalid_request_error", "use POST /v1/embeddings"),
            (#"{"model":"hera","hera":{"budgetusd":1},\#(user)}"#, 400, "invalid_request_error", "'budget_usd'?"),
            (#"{"model":"hera","hera":{"budget_usd":0.000000001},\#(user)}"#, 402, "billing_error", "raise budget_usd"),
            (#"{"model":"hera","hera":{"min_accuracy":1},\#(user)}"#, 422, "invalid_request_error", "accuracy"),
        ])
    func mistakes(body: String, status: Int, type: String, message: String) async throws {
        try await TestService.with(catalog: TestModels.mixed) { _ in
            .completion("x")
        } _: { service async throws in
            let answer = try await service.send("POST", Self.path, body: body)
            #expect(answer.status == status)
            let error = try Self.error(answer.text)
            #expect(error.type == type)
            #expect(error.message.contains(message), "got: \(error.message)")
            #expect(service.models.record.requests.allSatisfy { $0.method == "GET" }, "no model is called")
        }
    }

    @Test("faults of a model's server have their status and Anthropic's name, whatever its dialect")
    func upstreamFaults() async throws {
        var settings = Settings()
        settings.limits.firstByteSeconds = 0.3
        for (reply, status, type) in [
            (ScriptedReply.nothing(.close), 502, "api_error"), (.nothing(.hang), 504, "timeout_error"),
            (.status(429, retryAfter: "7"), 429, "rate_limit_error"), (.json("{not json"), 502, "api_error"),
            (.status(400), 400, "invalid_request_error"),
        ] {
            try await TestService.with(settings: settings, catalog: TestModels.mixed) { _ in
                reply
            } _: { service async throws in
                for model in ["test/cheap", "test/claude"] {
                    let answer = try await service.send(
                        "POST", Self.path, body: #"{"model":"\#(model)",\#(Self.user)}"#)
                    #expect(answer.status == status)
                    #expect(try Self.error(answer.text).type == type)
                    if status == 429 { #expect(answer.headers["retry-after"] == "7") }
                }
                #expect(try await service.stepService.ledger.read { try $0.openReservations() }.isEmpty)
            }
        }
    }

    @Test("a broken stream ends with an error event and no end of the message")
    func brokenStream() async throws {
        let usage = ScriptedUsage(promptTokens: 100, completionTokens: 10)
        let broken = ScriptedReply.stream(["one ", "two ", "three"], usage: usage).cut(afterBytes: 600, by: .reset)
        try await TestService.with { _ in
            broken
        } _: { service async throws in
            let answer = try await service.send(
                "POST", Self.path, body: #"{"model":"test/cheap","stream":true,\#(Self.user)}"#)
            #expect(answer.text.contains("event: error\ndata: {\"type\":\"error\""))
            #expect(!answer.text.contains("message_stop"))
            let totals = try await service.json("GET", "/v1/dashboard").root["totals"]
            #expect(totals?["failures"]?.integer == 1)
        }
    }

    @Test("keys are taken as Anthropic's clients send them, and their refusal is Anthropic's")
    func key() async throws {
        try await TestService.with(key: "secret") { _ in
            .completion("x")
        } _: { service async throws in
            let body = #"{"model":"test/cheap",\#(Self.user)}"#
            let refused = try await service.send("POST", Self.path, body: body, headers: [("x-api-key", "wrong")])
            #expect(refused.status == 401)
            #expect(try Self.error(refused.text).type == "authentication_error")
            let taken = try await service.send("POST", Self.path, body: body, headers: [("x-api-key", "secret")])
            #expect(taken.status == 200)
            let own = AccessKey(team: "red", createdAt: .now(), requestsPerMinute: 1)
            let text = try await service.stepService.ledger.createKey(own, budgets: [])
            _ = try await service.send("POST", Self.path, body: body, headers: [("x-api-key", text)])
            let limited = try await service.send("POST", Self.path, body: body, headers: [("x-api-key", text)])
            #expect(limited.status == 429 && limited.headers["retry-after"] != nil)
            #expect(try Self.error(limited.text).type == "rate_limit_error")
        }
    }
}
