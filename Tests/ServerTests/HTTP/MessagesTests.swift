import Calls
import Domain
import JSON
import Ledger
import ScriptedUpstream
import Steps
import TestSupport
import Testing
import Upstream

@Suite("Anthropic's messages over HTTP")
struct MessagesTests {
    private static let path = "/v1/messages"
    private let usage = ScriptedUsage(promptTokens: 100, cachedTokens: 60, completionTokens: 10)

    private static func body(_ model: String, _ members: String = "", messages: String? = nil) -> String {
        let messages = messages ?? #"{"role":"user","content":"What is 2+2?"}"#
        let rest = members.isEmpty ? "" : ",\(members)"
        return #"{"model":"\#(model)","max_tokens":50,"messages":[\#(messages)]\#(rest)}"#
    }

    private static func blocks(_ root: JSONValue) -> [String] {
        (root["content"].map { Array($0.elements) } ?? []).map { String(decoding: $0.raw, as: UTF8.self) }
    }

    /// The events of a stream in order: type and data.
    private static func events(_ text: String) throws -> [(type: String, data: JSONValue)] {
        var reader = SSEReader()
        return try reader.feed(Array(text.utf8)).map { ($0.event ?? "", try JSONDocument($0.data).root) }
    }

    @Test("a model of OpenAI's dialect answers with a message, hera's headers and Anthropic's count of tokens")
    func openAI() async throws {
        let usage = usage
        try await TestService.with { _ in
            .completion("4", usage: usage)
        } _: { service async throws in
            let answer = try await service.send(
                "POST", Self.path,
                body: Self.body("hera", #""system":"Be brief.","stop_sequences":["END"],"top_k":3"#),
                headers: [("anthropic-version", "2023-06-01")])
            #expect(answer.status == 200)
            let root = try JSONDocument(Array(answer.text.utf8)).root
            #expect(root["type"]?.string == "message")
            #expect(root["role"]?.string == "assistant")
            #expect(root["id"]?.string?.hasPrefix("msg_") == true)
            #expect(Self.blocks(root) == [#"{"type":"text","text":"4"}"#])
            #expect(root["stop_reason"]?.string == "end_turn")
            #expect(root["usage"]?["input_tokens"]?.integer == 40)
            #expect(root["usage"]?["cache_read_input_tokens"]?.integer == 60)
            #expect(root["usage"]?["output_tokens"]?.integer == 10)
            let model = try #require(answer.headers["x-hera-model"])
            #expect(answer.headers["x-hera-cost-usd"] == (model == "test/cheap" ? "0.00012" : "0.0012"))
            let decision = try #require(answer.headers["x-hera-decision"])
            #expect(try await service.json("GET", "/v1/decisions/\(decision)").root["model"]?.string == model)
            let sent = try JSONDocument(try #require(service.models.record.requests.last).body).root
            #expect(sent["stop"]?.elements.first { _ in true }?.string == "END")
            #expect(sent["anthropic"] == nil && sent["top_k"] == nil && sent["system"] == nil)
            #expect(try await service.stepService.ledger.read { try $0.openReservations() }.isEmpty)
            #expect(try await service.stepService.ledger.read { try $0.verify() }.isSound)
        }
    }

    @Test("a model of OpenAI's dialect streams Anthropic's events, and what they say adds up to the answer")
    func openAIStream() async throws {
        let usage = usage
        try await TestService.with { _ in
            .stream(["The ", "answer ", "is 4."], usage: usage)
        } _: { service async throws in
            let answer = try await service.send("POST", Self.path, body: Self.body("test/cheap", #""stream":true"#))
            #expect(answer.headers["content-type"] == "text/event-stream")
            #expect(answer.headers["x-hera-model"] == "test/cheap")
            let events = try Self.events(answer.text)
            #expect(events.allSatisfy { $0.type == $0.data["type"]?.string })
            #expect(events.first?.type == "message_start")
            #expect(events.suffix(3).map(\.type) == ["content_block_stop", "message_delta", "message_stop"])
            #expect(events.filter { $0.type == "content_block_start" }.count == 1)
            let pieces = events.compactMap { $0.data["delta"]?["text"]?.string }
            #expect(pieces.joined() == "The answer is 4.")
            let end = try #require(events.first { $0.type == "message_delta" }?.data)
            #expect(end["delta"]?["stop_reason"]?.string == "end_turn")
            #expect(end["usage"]?["input_tokens"]?.integer == 40)
            #expect(end["usage"]?["output_tokens"]?.integer == 10)
            let totals = try await service.json("GET", "/v1/dashboard").root["totals"]
            #expect(totals?["cost_usd"]?.numberText == "0.00012")
        }
    }

    @Test("calls of tools come as blocks, whole and streamed, and their results go back to the model")
    func tools() async throws {
        let usage = usage
        let tools =
            #""tools":[{"name":"sum","description":"adds","input_schema":{"type":"object","properties":{"a":{"type":"array"}}}}]"#
        try await TestService.with { request in
            if request.bodyText.contains(#""role":"tool""#) { return .completion("4", usage: usage) }
            return request.isStreaming
                ? .toolCallStream("sum", argumentPieces: [#"{"a":"#, "[2,2]}"], usage: usage)
                : .toolCall("sum", arguments: #"{"a":[2,2]}"#, usage: usage)
        } _: { service async throws in
            let first = try await service.json("POST", Self.path, body: Self.body("test/cheap", tools)).root
            #expect(first["stop_reason"]?.string == "tool_use")
            #expect(Self.blocks(first) == [#"{"type":"tool_use","id":"call_1","name":"sum","input":{"a":[2,2]}}"#])
            let stream = try await service.send(
                "POST", Self.path, body: Self.body("test/cheap", tools + #","stream":true"#))
            let events = try Self.events(stream.text)
            let start = try #require(events.first { $0.type == "content_block_start" }?.data["content_block"])
            #expect(
                String(decoding: start.raw, as: UTF8.self)
                    == #"{"type":"tool_use","id":"call_1","name":"sum","input":{}}"#)
            #expect(events.compactMap { $0.data["delta"]?["partial_json"]?.string }.joined() == #"{"a":[2,2]}"#)
            let messages = #"""
                {"role":"user","content":"What is 2+2?"},{"role":"assistant","content":\#(
                    String(decoding: first["content"]?.raw ?? [], as: UTF8.self))},
                {"role":"user","content":[{"type":"tool_result","tool_use_id":"call_1","content":"4"}]}
                """#
            let last = try await service.send(
                "POST", Self.path, body: Self.body("test/cheap", tools, messages: messages))
            #expect(last.status == 200)
            let decision = try #require(last.headers["x-hera-decision"])
            #expect(try await service.json("GET", "/v1/decisions/\(decision)").root["position"]?.integer == 2)
            let runs = try await service.json("GET", "/v1/dashboard?group_by=session").root["rows"]
            #expect(runs?.count == 1, "the three calls are one session")
        }
    }

    @Test("a model in Anthropic's own format gets the original request, and its answer loses nothing")
    func anthropic() async throws {
        let reply = #"""
            {"id":"msg_9","type":"message","role":"assistant","model":"claude-test-1","content":[
            {"type":"thinking","thinking":"hm","signature":"s"},{"type":"text","text":"Let me see."},
            {"type":"tool_use","id":"toolu_1","name":"f","input":{"a":1}}],"stop_reason":"tool_use","stop_sequence":null,
            "usage":{"input_tokens":10,"cache_creation_input_tokens":100,"cache_read_input_tokens":0,"output_tokens":5}}
            """#
        try await TestService.with(catalog: TestModels.mixed) { request in
            request.path == "/v1/messages" ? .json(reply) : .status(404)
        } _: { service async throws in
            let messages =
                #"{"role":"user","content":[{"type":"text","text":"hi","cache_control":{"type":"ephemeral"}}]}"#
            let answer = try await service.send(
                "POST", Self.path,
                body: Self.body(
                    "claude-test", #""thinking":{"type":"enabled","budget_tokens":20},"top_k":3,"service_tier":"auto""#,
                    messages: messages))
            #expect(answer.status == 200)
            #expect(answer.headers["x-hera-model"] == "test/claude", "its server's name is enough")
            // 10 x 10 + 100 x 12.5 + 5 x 20 USD per million
            #expect(answer.headers["x-hera-cost-usd"] == "0.00145")
            let sent = try JSONDocument(try #require(service.models.record.requests.last).body).root
            #expect(sent["model"]?.string == "claude-test")
            #expect(String(decoding: sent["messages"]?.raw ?? [], as: UTF8.self) == "[\(messages)]")
            #expect(sent["thinking"] != nil && sent["top_k"]?.integer == 3 && sent["service_tier"] == nil)
            let root = try JSONDocument(Array(answer.text.utf8)).root
            let original = try JSONDocument(Array(reply.utf8)).root
            #expect(Self.blocks(root) == Self.blocks(original))
            #expect(root["id"]?.string == "msg_9")
            #expect(root["model"]?.string == "claude-test-1")
            #expect(root["usage"]?["cache_creation_input_tokens"]?.integer == 100)
            let chat = try await service.json(
                "POST", "/v1/chat/completions",
                body: #"{"model":"test/claude","messages":[{"role":"user","content":"hi"}]}"#
            ).root
            let details = chat["usage"]?["prompt_tokens_details"]
            #expect(details?["cache_write_tokens"]?.integer == 100, "a caller of chat sees it, too")
        }
    }

    @Test("a stream in Anthropic's own format comes through with its usage")
    func anthropicStream() async throws {
        let usage = usage
        try await TestService.with(catalog: TestModels.mixed) { _ in
            .messageStream(["Hel", "lo"], usage: usage, stopReason: "max_tokens")
        } _: { service async throws in
            let answer = try await service.send("POST", Self.path, body: Self.body("test/claude", #""stream":true"#))
            let events = try Self.events(answer.text)
            #expect(
                events.map(\.type) == [
                    "message_start", "content_block_start", "content_block_delta", "content_block_delta",
                    "content_block_stop", "message_delta", "message_stop",
                ])
            #expect(events.first?.data["message"]?["id"]?.string == "msg_1")
            let end = try #require(events.first { $0.type == "message_delta" }?.data)
            #expect(end["delta"]?["stop_reason"]?.string == "max_tokens")
            #expect(end["usage"]?["input_tokens"]?.integer == 40)
            #expect(end["usage"]?["cache_read_input_tokens"]?.integer == 60)
        }
    }

    @Test("a request with an image goes to a model that sees")
    func image() async throws {
        let usage = usage
        try await TestService.with(catalog: TestModels.mixed) { request in
            request.path == "/v1/messages" ? .message("A cat.", usage: usage) : .completion("?", usage: usage)
        } _: { service async throws in
            let messages =
                #"{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA=="}}]}"#
            let answer = try await service.send("POST", Self.path, body: Self.body("hera", messages: messages))
            #expect(answer.headers["x-hera-model"] == "test/claude")
        }
    }

    @Test("where the chosen model fails one of another dialect answers in the same form")
    func fallback() async throws {
        let usage = usage
        try await TestService.with(catalog: TestModels.mixed) { request in
            request.path == "/v1/messages" ? .message("4", usage: usage) : .status(503)
        } _: { service async throws in
            let answer = try await service.send("POST", Self.path, body: Self.body("hera"))
            #expect(answer.status == 200)
            #expect(answer.headers["x-hera-model"] == "test/claude")
            #expect(Self.blocks(try JSONDocument(Array(answer.text.utf8)).root) == [#"{"type":"text","text":"4"}"#])
        }
    }

    @Test("a client that hangs up does not lose the spend")
    func hangUp() async throws {
        let usage = ScriptedUsage(promptTokens: 100, completionTokens: 200)
        let pieces = (0..<200).map { "word\($0) " }
        var settings = Settings()
        settings.limits.abandoned = .read
        try await TestService.with(settings: settings) { _ in
            .stream(pieces, usage: usage, delayBetween: .milliseconds(5))
        } _: { service async throws in
            let response = try await service.client.send(
                UpstreamRequest(
                    url: "http://127.0.0.1:\(service.port)\(Self.path)",
                    headers: [("content-type", "application/json"), ("x-hera-session", "run-1")],
                    body: Array(Self.body("test/cheap", #""stream":true"#).utf8)))
            var read = response.body.makeAsyncIterator()
            _ = try await read.next(isolation: nil)
            response.cancel()
            let booked = try await waitFor("the entry") {
                try await service.stepService.ledger.read { try $0.entries(ofRun: "run-1") }.first
            }
            #expect(booked.result.outcome == .clientGone)
            #expect(booked.result.figures.cost.total.nanoUSD == 100 * 1000 + 200 * 2000)
        }
    }

    @Test("an answer that is checked first is waited for with pings")
    func pings() async throws {
        let usage = usage
        var settings = Settings()
        settings.limits.keepAliveSeconds = 0.05
        try await TestService.with(settings: settings) { _ in
            .stream(["4"], usage: usage).delayed(by: .milliseconds(400))
        } _: { service async throws in
            let answer = try await service.send(
                "POST", Self.path, body: Self.body("test/cheap", #""stream":true,"hera":{"verify":true}"#))
            let types = try Self.events(answer.text).map(\.type)
            #expect(types.first == "ping")
            #expect(types.filter { $0 != "ping" }.first == "message_start")
            #expect(types.last == "message_stop")
        }
    }

    @Test("tokens are counted by the server of a model in Anthropic's own format, elsewhere estimated as for routing")
    func count() async throws {
        try await TestService.with(catalog: TestModels.mixed) { request in
            request.path == "/v1/messages/count_tokens" ? .json(#"{"input_tokens":2095}"#) : .status(404)
        } _: { service async throws in
            let path = "/v1/messages/count_tokens"
            let rest = #""system":"s","messages":[{"role":"user","content":"hi"}]"#
            let counted = try await service.send(
                "POST", path, body: #"{"model":"test/claude",\#(rest),"max_tokens":5}"#)
            #expect(counted.status == 200 && counted.headers["x-hera-tokens"] == "counted")
            #expect(counted.text == #"{"input_tokens":2095}"#)
            let sent = try #require(service.models.record.requests.last)
            #expect(sent.bodyText == #"{"model":"claude-test",\#(rest)}"#)
            for model in ["hera", "test/cheap"] {
                let estimated = try await service.send("POST", path, body: #"{"model":"\#(model)",\#(rest)}"#)
                #expect(estimated.status == 200 && estimated.headers["x-hera-tokens"] == "estimated")
                let tokens = try JSONDocument(Array(estimated.text.utf8)).root["input_tokens"]?.integer ?? 0
                #expect((15...30).contains(tokens), "four bytes each of what the request has")
            }
            let totals = try await service.json("GET", "/v1/dashboard").root["totals"]
            #expect((totals?["calls"]?.integer ?? 0) == 0, "counting is not billed")
        }
    }

    @Test("a repetition under one Idempotency-Key is answered alike and paid once")
    func repetition() async throws {
        let usage = usage
        try await TestService.with { _ in
            .completion("4", usage: usage)
        } _: { service async throws in
            var texts: Set<String> = []
            for _ in 0..<2 {
                let answer = try await service.send(
                    "POST", Self.path, body: Self.body("test/cheap"), headers: [("idempotency-key", "k")])
                #expect(answer.status == 200 && answer.headers["x-hera-model"] == "test/cheap")
                texts.insert(answer.text)
            }
            #expect(texts.count == 1 && texts.first?.contains(#""type":"message""#) == true)
            let totals = try await service.json("GET", "/v1/dashboard").root["totals"]
            #expect(totals?["calls"]?.integer == 1)
        }
    }
}
