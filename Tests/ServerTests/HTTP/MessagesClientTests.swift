import Dialects
import Domain
import JSON
import Ledger
import ScriptedUpstream
import Steps
import Testing
import Upstream

/// Requests of coding agents such as Claude Code, beyond the interface's documentation.
@Suite("Coding agents that speak Anthropic's interface")
struct MessagesClientTests {
    private static let path = "/v1/messages"
    private static let usage = ScriptedUsage(promptTokens: 100, cachedTokens: 60, completionTokens: 10)

    private static func body(_ model: String, _ members: String = "", messages: String? = nil) -> String {
        let messages = messages ?? #"{"role":"user","content":"What is 2+2?"}"#
        let rest = members.isEmpty ? "" : ",\(members)"
        return #"{"model":"\#(model)","max_tokens":50,"messages":[\#(messages)]\#(rest)}"#
    }

    /// A request in Claude Code's form.
    private static func agentBody(_ model: String, turn: Int, stream: Bool = false) -> String {
        let account = String(repeating: "a", count: 64)
        let work = (0..<turn).map { number in
            #"""
            ,{"role":"assistant","content":[{"type":"text","text":"I look."},{"type":"tool_use","id":"toolu_\#(number)","name":"Read","input":{"path":"a"}}]},
            {"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_\#(number)","is_error":true,"content":"no such file","cache_control":{"type":"ephemeral"}},
            {"type":"text","text":"<system-reminder>go on</system-reminder>"}]}
            """#
        }
        return #"""
            {"model":"\#(model)","max_tokens":32000,"stream":\#(stream),"temperature":1,
            "system":[{"type":"text","text":"x-anthropic-billing-header: cc_version=2.1.175.d; cc_entrypoint=cli; cch=\#(turn)f;"},
            {"type":"text","text":"You are Claude Code.","cache_control":{"type":"ephemeral","ttl":"1h"}}],
            "metadata":{"user_id":"user_\#(account)_account__session_57a121ec-f78c-48c3-a745-e3036a3ecc33"},
            "context_management":{"edits":[{"type":"clear_thinking_20251015","keep":"all"}]},
            "tools":[{"type":"custom","name":"Read","description":"reads","input_schema":{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{"path":{"type":"string"}}},"cache_control":{"type":"ephemeral"},"eager_input_streaming":true}],
            "tool_choice":{"type":"auto"},
            "messages":[{"role":"user","content":[{"type":"text","text":"<system-reminder>dir</system-reminder>"},{"type":"text","text":"Fix it.","cache_control":{"type":"ephemeral"}}]}\#(work.joined())]}
            """#
    }

    private static let headers = [
        ("anthropic-version", "2023-06-01"),
        (
            "anthropic-beta",
            "claude-code-20250219,oauth-2025-04-20, interleaved-thinking-2025-05-14,context-1m-2025-08-07,"
                + "context-management-2025-06-27,fast-mode-2026-02-01"
        ),
    ]

    @Test("an agent's session is one session with one run, though each request has another head and another beta")
    func session() async throws {
        try await TestService.with { _ in
            .completion("4", usage: Self.usage)
        } _: { service async throws in
            for turn in 0..<3 {
                let answer = try await service.send(
                    "POST", Self.path + "?beta=true", body: Self.agentBody("test/cheap", turn: turn),
                    headers: Self.headers)
                #expect(answer.status == 200, "\(answer.text)")
                let id = try #require(answer.headers["x-hera-decision"])
                let decision = try await service.json("GET", "/v1/decisions/\(id)").root
                #expect(decision["position"]?.integer == Int64(turn + 1))
                #expect(decision["considered"]?.elements.contains { $0.string?.contains("changed") == true } == false)
                let sent = try #require(service.models.record.requests.last)
                #expect(!sent.bodyText.contains("billing-header"))
                #expect(sent.header("anthropic-beta") == nil, "other formats never get it")
                #expect(try JSONDocument(sent.body).root["max_tokens"]?.integer == 1000, "the model's own limit")
            }
            let other = try await service.send(
                "POST", Self.path, body: Self.body("test/cheap"),
                headers: [("x-claude-code-session-id", "57a121ec-f78c-48c3-a745-e3036a3ecc33")])
            #expect(other.status == 200)
            let sessions = try await service.json("GET", "/v1/dashboard?group_by=session").root["rows"]
            #expect(sessions?.elements.compactMap { $0["session"]?.string } == ["57a121ec-f78c-48c3-a745-e3036a3ecc33"])
            let runs = try await service.json("GET", "/v1/dashboard?group_by=run").root["rows"]
            #expect(runs?.count == 2, "a subagent is a run of its own")
            _ = try await service.send(
                "POST", Self.path, body: Self.agentBody("test/cheap", turn: 0), headers: [("x-hera-session", "mine")])
            let named = try await service.json("GET", "/v1/dashboard?group_by=session").root["rows"]
            #expect(named?.elements.contains { $0["session"]?.string == "mine" } == true)
        }
    }

    @Test(
        "the session of a client is read from its header or its user id, and nonsense is no session",
        arguments: [
            (#""u1""#, nil, nil), (#""user_a_account__session_s-1""#, nil, "s-1"),
            (#""{\"device_id\":\"d\",\"session_id\":\"s-2\"}""#, nil, "s-2"),
            (#""user_a_account__session_s-1""#, "s-3", "s-3"), (#""user_session_a b""#, nil, nil),
            (#""{\"session_id\":7}""#, nil, nil), (#""x""#, String(repeating: "s", count: 129), nil), ("7", nil, nil),
        ] as [(String, String?, String?)])
    func sessionNames(user: String, header: String?, session: String?) throws {
        let body = Self.body("hera", #""metadata":{"user_id":\#(user)}"#)
        let request = try MessagesRequest(try JSONDocument(Array(body.utf8)), session: header)
        #expect(request.session == session)
    }

    @Test("a model in Anthropic's format gets the betas that cost nothing, and what belongs to them")
    func betas() async throws {
        try await TestService.with(catalog: TestModels.mixed) { _ in
            .message("4", usage: Self.usage)
        } _: { service async throws in
            let answer = try await service.send(
                "POST", Self.path, body: Self.agentBody("test/claude", turn: 1), headers: Self.headers)
            #expect(answer.status == 200, "\(answer.text)")
            let sent = try #require(service.models.record.requests.last)
            #expect(
                sent.header("anthropic-beta")
                    == "claude-code-20250219,interleaved-thinking-2025-05-14,context-management-2025-06-27")
            let root = try JSONDocument(sent.body).root
            #expect(root["anthropic_beta"] == nil)
            #expect(root["context_management"] != nil)
            #expect(root["system"]?.count == 1)
            #expect(root["metadata"]?["user_id"]?.string?.contains("_session_") == true)
            #expect(root["tools"]?.elements.first { _ in true }?["eager_input_streaming"]?.boolean == true)
            // Without the beta header the server rejects its member; a summary would be a separate answer.
            for (header, edits) in [
                ("claude-code-20250219", "clear_thinking_20251015"),
                ("context-management-2025-06-27", "compact_20260112"),
            ] {
                _ = try await service.send(
                    "POST", Self.path,
                    body: Self.body("test/claude", #""context_management":{"edits":[{"type":"\#(edits)"}]}"#),
                    headers: [("anthropic-beta", header)])
                let last = try #require(service.models.record.requests.last)
                #expect(try JSONDocument(last.body).root["context_management"] == nil)
            }
        }
    }

    @Test("the beta header is parsed, and unknown values are removed")
    func betaNames() {
        let read = AnthropicBeta.admitted(of: [
            " structured-outputs-2025-11-13 ,context-1m-2025-08-07",
            "prompt-caching-evil-2025-01-01, ,effort-2025-11-24",
            "effort-2025-11-24", "claude-code\r\nx-api-key: k-20250219", "extended-cache-ttl",
        ])
        #expect(read.names == ["structured-outputs-2025-11-13", "effort-2025-11-24"])
        #expect(read.members == ["output_format"])
    }

    @Test("thinking and effort that a model rejects are removed, invisibly to the agent")
    func concessions() async throws {
        try await TestService.with(catalog: TestModels.mixed) { request in
            guard let root = try? JSONDocument(request.body).root else { return .status(500) }
            if request.bodyText.contains("foreign") {
                return .status(400, message: "messages.1.content.0: Invalid `signature` in `thinking` block")
            }
            if root["thinking"] != nil {
                return .status(400, message: "adaptive thinking is not supported on this model")
            }
            if root["output_config"] != nil {
                return .status(400, message: "This model does not support the effort parameter.")
            }
            return .message("4", usage: Self.usage)
        } _: { service async throws in
            let messages = #"""
                {"role":"user","content":"x"},{"role":"assistant","content":[
                {"type":"thinking","thinking":"hm","signature":"foreign"},{"type":"text","text":"y"}]},
                {"role":"assistant","content":[{"type":"redacted_thinking","data":"foreign"}]},{"role":"user","content":"z"}
                """#
            let answer = try await service.send(
                "POST", Self.path,
                body: Self.body(
                    "test/claude", #""thinking":{"type":"adaptive"},"output_config":{"effort":"high"}"#,
                    messages: messages))
            #expect(answer.status == 200, "\(answer.text)")
            let sent = service.models.record.requests.filter { $0.method == "POST" }
            #expect(sent.count == 4, "one refusal at a time")
            let last = try JSONDocument(try #require(sent.last).body).root
            #expect(last["messages"]?.count == 3)
            #expect(last["messages"]?.elements.contains { "\($0.raw)".contains("foreign") } == false)
            let totals = try await service.json("GET", "/v1/dashboard").root["totals"]
            #expect(totals?["calls"]?.integer == 1, "refusals are not billed")
            #expect(try await service.stepService.ledger.read { try $0.openReservations() }.isEmpty)
        }
    }

    @Test(
        "a rejection of a required field is returned to the caller, without a retry",
        arguments: [
            "prompt is too long: 210000 tokens > 200000 maximum", "messages.0.content: thinking hard is not a role",
            "tools.0: effort is not a tool", "anthropic-beta is wrong",
        ])
    func refusals(message: String) async throws {
        try await TestService.with(catalog: TestModels.mixed) { _ in
            .status(400, message: message)
        } _: { service async throws in
            let answer = try await service.send("POST", Self.path, body: Self.body("test/claude"))
            #expect(answer.status == 400)
            #expect(answer.text.contains(message), "\(answer.text)")
            #expect(service.models.record.requests.count { $0.method == "POST" } == 1)
        }
    }

    @Test("a stream begins with the tokens of the prompt: the server's own count, or the estimate of routing")
    func streamStart() async throws {
        try await TestService.with(catalog: TestModels.mixed) { request in
            request.path == "/v1/messages"
                ? .messageStream(["4"], usage: Self.usage) : .stream(["4"], usage: Self.usage)
        } _: { service async throws in
            for (model, input, cached) in [("test/claude", 40, 60), ("test/cheap", 23, 0)] as [(String, Int64, Int64)] {
                let answer = try await service.send("POST", Self.path, body: Self.body(model, #""stream":true"#))
                var reader = SSEReader()
                let events = try reader.feed(Array(answer.text.utf8)).map { try JSONDocument($0.data).root }
                let start = try #require(events.first?["message"]?["usage"])
                #expect(start["input_tokens"]?.integer == input, "\(answer.text)")
                #expect(start["cache_read_input_tokens"]?.integer == cached)
                let end = try #require(events.first { $0["type"]?.string == "message_delta" }?["usage"])
                #expect(end["input_tokens"]?.integer == 40 && end["output_tokens"]?.integer == 10)
            }
            // Chat clients get one usage chunk at the end, on request.
            for asks in [true, false] {
                let options = asks ? #","stream_options":{"include_usage":true}"# : ""
                let answer = try await service.send(
                    "POST", "/v1/chat/completions",
                    body:
                        #"{"model":"test/claude","stream":true,"messages":[{"role":"user","content":"x"}]\#(options)}"#)
                #expect(answer.text.ranges(of: #""usage":"#).count == (asks ? 1 : 0), "\(answer.text)")
            }
        }
    }

    @Test("an overloaded provider is reported as overloaded, and a prompt that fits no model as too long")
    func overloads() async throws {
        try await TestService.with(catalog: TestModels.mixed) { _ in
            .status(529, message: "Overloaded", code: "overloaded_error")
        } _: { service async throws in
            let overloaded = try await service.send("POST", Self.path, body: Self.body("test/claude"))
            #expect(overloaded.status == 503)
            #expect(overloaded.text.contains(#""type":"overloaded_error""#), "\(overloaded.text)")
            let long = String(repeating: "word ", count: 100_000)
            let tooLong = try await service.send(
                "POST", Self.path, body: Self.body("hera", messages: #"{"role":"user","content":"\#(long)"}"#))
            #expect(tooLong.status == 400)
            #expect(tooLong.text.contains(#""type":"invalid_request_error","message":"prompt is too long: "#))
        }
    }

    @Test("an agent's HEAD probe gets no body and keeps the connection usable")
    func head() async throws {
        try await TestService.with { _ in
            .completion("x")
        } _: { service async throws in
            for path in ["/", "/v1/messages", "/healthz"] {
                let answer = try await service.send("HEAD", path)
                #expect(answer.status < 500 && answer.text.isEmpty, "\(path): \(answer.status) \(answer.text)")
                #expect(try await service.send("GET", "/healthz").status == 200)
            }
        }
    }
}
