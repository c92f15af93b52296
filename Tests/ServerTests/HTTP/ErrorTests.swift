import Calls
import Domain
import JSON
import Ledger
import ScriptedUpstream
import Steps
import Testing
import Upstream

@Suite("Errors over HTTP")
struct ErrorTests {
    private static let user = #""messages":[{"role":"user","content":"x"}]"#

    @Test(
        "each invalid request has its status and a hint",
        arguments: [
            ("/v1/chat/completions", #"{"model": "hera", "messages": ["#, 400, "the body is not valid JSON"),
            ("/v1/chat/completions", "", 400, "the body is not valid JSON"),
            ("/v1/chat/completions", #"{"model":"hera","messages":[]}"#, 400, "messages: is empty"),
            ("/v1/chat/completions", #"{"model":"test/cheep",\#(user)}"#, 404, "did you mean 'test/cheap'?"),
            (
                "/v1/chat/completions", #"{"model":"hera/nobody",\#(user)}"#, 404,
                "no model or policy is named 'hera/nobody'"
            ),
            (
                "/v1/chat/completions", #"{"model":"hera","hera":{"budgetusd":1},\#(user)}"#, 400,
                "did you mean 'budget_usd'?"
            ),
            (
                "/v1/chat/completions", #"{"model":"hera","hera":{"budget_usd":0.000000001},\#(user)}"#, 402,
                "raise budget_usd"
            ),
            ("/v1/chat/completions", #"{"model":"hera","hera":{"min_accuracy":1},\#(user)}"#, 422, "accuracy"),
            (
                "/v1/chat/completions", #"{"model":"hera","stream":"yes",\#(user)}"#, 400,
                "stream: must be true or false"
            ),
            (
                "/v1/chat/completions", #"{"model":"hera","hera":{"models":{"allow":["test/cheep"]}},\#(user)}"#, 400,
                "models.allow: no model is named 'test/cheep'; did you mean 'test/cheap'?"
            ),
            (
                "/v1/chat/completions", #"{"model":"hera","hera":{"text_predictor":"test/cheep"},\#(user)}"#, 400,
                "text_predictor: no model is named 'test/cheep'; did you mean 'test/cheap'?"
            ),
            (
                "/v1/jobs", #"{"input":"x","policy":{"decompose":{"by":"test/deer"}}}"#, 400,
                "decompose.by: no model is named 'test/deer'; did you mean 'test/dear'?"
            ),
            (
                "/v1/jobs",
                #"{"subtasks":[{"id":"a","prompt":"p","depends_on":["b"]},{"id":"b","prompt":"p","depends_on":["a"]}]}"#,
                400, "subtasks: depend on each other in a cycle"
            ),
            ("/v1/jobs", #"{"input": ""}"#, 400, "input: is empty"),
            ("/v1/jobs", #"{"input": "x", "policy": {"deadline": 3}}"#, 400, "did you mean 'deadline_s'?"),
            ("/v1/jobs/job_none/cancel", "", 404, "there is no job 'job_none'"),
            ("/v1/nothing", "{}", 404, "there is no POST /v1/nothing"),
        ])
    func mistakes(path: String, body: String, status: Int, message: String) async throws {
        try await TestService.with { _ in
            .completion("x")
        } _: { service async throws in
            let answer = try await service.json("POST", path, body: body)
            #expect(answer.status == status)
            let text = answer.root["error"]?["message"]?.string ?? ""
            #expect(text.contains(message), "got: \(text)")
            #expect(service.models.record.requests.allSatisfy { $0.method == "GET" }, "no model is called")
        }
    }

    @Test("a body over the limit is 413 and no model is called")
    func tooLarge() async throws {
        var settings = Settings()
        settings.limits.bodyBytes = 2000
        try await TestService.with(settings: settings) { _ in
            .completion("x")
        } _: { service async throws in
            let text = String(repeating: "x", count: 5000)
            let answer = try await service.json(
                "POST", "/v1/chat/completions",
                body: #"{"model":"hera","messages":[{"role":"user","content":"\#(text)"}]}"#)
            #expect(answer.status == 413)
            #expect(answer.root["error"]?["message"]?.string?.contains("larger than 2000 bytes") == true)
            #expect(service.models.record.requests.allSatisfy { $0.method == "GET" })
        }
    }

    @Test("a dead upstream is 502, a silent one 504, one over its rate 429 with its advice")
    func upstreamFaults() async throws {
        var settings = Settings()
        let body = #"{"model":"test/cheap",\#(Self.user)}"#
        for (reply, status) in [
            (ScriptedReply.nothing(.close), 502), (.nothing(.hang), 504), (.status(429, retryAfter: "7"), 429),
            (.raw("garbage\r\n\r\n"), 502), (.json("{not json"), 502), (.status(500), 502), (.status(400), 400),
        ] {
            // Only the silent server needs a short timeout.
            settings.limits.firstByteSeconds = status == 504 ? 0.3 : 30
            try await TestService.with(settings: settings) { _ in
                reply
            } _: { service async throws in
                let answer = try await service.send("POST", "/v1/chat/completions", body: body)
                #expect(answer.status == status)
                #expect(answer.text.contains(#""error""#))
                if status == 429 { #expect(answer.headers["retry-after"] == "7") }
                #expect(try await service.stepService.ledger.read { try $0.openReservations() }.isEmpty)
                #expect(try await service.stepService.ledger.read { try $0.verify() }.isSound)
            }
        }
    }

    @Test("with a key set, callers without it are turned away")
    func key() async throws {
        try await TestService.with(key: "secret") { _ in
            .completion("x")
        } _: { service async throws in
            #expect(try await service.send("GET", "/v1/models").status == 401)
            #expect(
                try await service.send("GET", "/v1/models", headers: [("authorization", "Bearer wrong")]).status == 401)
            #expect(
                try await service.send("GET", "/v1/models", headers: [("authorization", "Bearer secret")]).status == 200
            )
            #expect(try await service.send("GET", "/healthz").status == 200)
            let own = AccessKey(
                team: "red", createdAt: .now(), models: ModelFilter(allow: [TestModels.cheap]), requestsPerMinute: 2)
            let text = try await service.stepService.ledger.createKey(own, budgets: [])
            let headers = [("authorization", "Bearer \(text)")]
            let body = #"{"model":"test/dear",\#(Self.user)}"#
            let denied = try await service.send("POST", "/v1/chat/completions", body: body, headers: headers)
            #expect(denied.status == 400 && denied.text.contains("this key may not use test/dear"))
            let hera = #"{"model":"hera",\#(Self.user)}"#
            let answer = try await service.send("POST", "/v1/chat/completions", body: hera, headers: headers)
            #expect(answer.headers["x-hera-model"] == "test/cheap")
            let limited = try await service.send("POST", "/v1/chat/completions", body: hera, headers: headers)
            #expect(limited.status == 429 && limited.headers["retry-after"] != nil)
            try await service.stepService.ledger.write { try $0.revokeKey(own.id, at: .now()) }
            #expect(try await service.send("GET", "/v1/models", headers: headers).status == 401)
        }
    }
}
