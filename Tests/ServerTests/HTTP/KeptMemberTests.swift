import Calls
import Domain
import Foundation
import JSON
import ScriptedUpstream
import Steps
import Testing
import Upstream

@Suite("What a provider wants back of its answers")
struct KeptMemberTests {
    private static let signature = #""extra_content":{"google":{"thought_signature":"sig=="}}"#
    private static let call =
        #"{"index":0,"id":"call_1","type":"function","function":{"name":"weather","arguments":"{}"},\#(signature)}"#

    /// Answers with a call first, and wants back what it sent with it; 400 without.
    @Sendable private static func reply(to request: ScriptedRequest) -> ScriptedReply {
        if request.bodyText.contains(#""role":"tool""#) {
            let isWhole =
                request.bodyText.contains(signature)
                && request.bodyText.contains(#""reasoning_content":"Let me think.""#)
            guard isWhole else { return .status(400, message: "thought_signature or reasoning_content is missing") }
            return .completion("Sunny.", usage: ScriptedUsage(promptTokens: 10, completionTokens: 2))
        }
        let usage = #""usage":{"prompt_tokens":10,"completion_tokens":2}"#
        guard request.isStreaming else {
            return .json(
                #"{"id":"1","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":null,"#
                    + #""reasoning_content":"Let me think.","tool_calls":[\#(call)]},"finish_reason":"tool_calls"}],\#(usage)}"#
            )
        }
        let events = [
            #"{"id":"1","model":"m","choices":[{"index":0,"delta":{"role":"assistant","reasoning_content":"Let me "}}]}"#,
            #"{"choices":[{"index":0,"delta":{"reasoning_content":"think."}}]}"#,
            #"{"choices":[{"index":0,"delta":{"tool_calls":[\#(call)]}}]}"#,
            #"{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#, #"{"choices":[],\#(usage)}"#,
            "[DONE]",
        ]
        return .body(ScriptedReply.lines(events), type: "text/event-stream", chunked: true)
    }

    private static func text(_ value: JSONValue?) -> String { String(decoding: value?.raw ?? [], as: UTF8.self) }

    @Test(
        "clients of Anthropic's dialect get reasoning as thinking, and bring all of it back", arguments: [false, true])
    func messages(isStreaming: Bool) async throws {
        let tools = #""tools":[{"name":"weather","input_schema":{"type":"object"}}]"#
        @Sendable func body(_ messages: String) -> String {
            #"{"model":"test/cheap","max_tokens":50,\#(tools),"messages":[\#(messages)]\#(isStreaming ? ",\"stream\":true" : "")}"#
        }
        let question = #"{"role":"user","content":"Weather?"}"#
        try await TestService.with(script: Self.reply) { service async throws in
            let first = try await service.send("POST", "/v1/messages", body: body(question))
            let content =
                isStreaming
                ? try Self.blocks(of: first.text) : Self.text(try JSONDocument(Array(first.text.utf8)).root["content"])
            let blocks = Array(try JSONDocument(Array(content.utf8)).root.elements)
            #expect(blocks.first?["type"]?.string == "thinking" && blocks.last?["type"]?.string == "tool_use")
            #expect(blocks.first?["thinking"]?.string == "Let me think.")
            let messages =
                #"\#(question),{"role":"assistant","content":\#(content)},"#
                + #"{"role":"user","content":[{"type":"tool_result","tool_use_id":"call_1","content":"blue"}]}"#
            let second = try await service.send("POST", "/v1/messages", body: body(messages))
            #expect(second.status == 200 && second.text.contains("Sunny."))
        }
    }

    /// The content of a message that was streamed, as clients put it together.
    private static func blocks(of stream: String) throws -> String {
        var blocks: [[String: Any]] = []
        var lines = SSEReader()
        for event in try lines.feed(Array(stream.utf8)) {
            let root = try #require(try JSONSerialization.jsonObject(with: Data(event.data)) as? [String: Any])
            if let block = root["content_block"] as? [String: Any] { blocks.append(block) }
            guard let delta = root["delta"] as? [String: Any], let index = root["index"] as? Int else { continue }
            for (name, key) in [("thinking", "thinking"), ("signature", "signature"), ("text", "text")] {
                guard let piece = delta[name] as? String else { continue }
                blocks[index][key] = (blocks[index][key] as? String ?? "") + piece
            }
        }
        return String(decoding: try JSONSerialization.data(withJSONObject: blocks), as: UTF8.self)
    }

    @Test("clients of OpenAI's Responses get reasoning as an item, and bring all of it back", arguments: [false, true])
    func responses(isStreaming: Bool) async throws {
        @Sendable func body(_ input: String) -> String {
            #"{"model":"test/cheap","input":[\#(input)],"tools":[{"type":"function","name":"weather"}]"#
                + (isStreaming ? #","stream":true}"# : "}")
        }
        let question = #"{"role":"user","content":"Weather?"}"#
        try await TestService.with(script: Self.reply) { service async throws in
            let first = try await service.send("POST", "/v1/responses", body: body(question))
            var lines = SSEReader()
            let root =
                isStreaming
                ? try JSONDocument(try #require(try lines.feed(Array(first.text.utf8)).last?.data)).root["response"]
                : try JSONDocument(Array(first.text.utf8)).root
            let output = Array(try #require(root?["output"]?.elements))
            #expect(output.first?["type"]?.string == "reasoning" && output.last?["type"]?.string == "function_call")
            #expect(output.first?["content"]?.elements.first { _ in true }?["text"]?.string == "Let me think.")
            let input =
                ([question] + output.map { Self.text($0) }).joined(separator: ",")
                + #",{"type":"function_call_output","call_id":"call_1","output":"blue"}"#
            let second = try await service.send("POST", "/v1/responses", body: body(input))
            #expect(second.status == 200 && second.text.contains("Sunny."))
        }
    }

    @Test("an agent's job sends all of it in its next step, also after its state was stored")
    func job() async throws {
        try await TestService.with(script: Self.reply) { service async throws in
            let body =
                #"{"input":"Weather?","policy":{"models":{"allow":["test/cheap"]}},"#
                + #""agent":{"tools":[{"type":"function","function":{"name":"weather"}}]}}"#
            let id = try #require(try await service.json("POST", "/v1/jobs", body: body).root["id"]?.string)
            _ = try await service.job(id, reaches: ["requires_action"])
            let outputs = #"{"tool_outputs":[{"tool_call_id":"call_1","output":"blue"}]}"#
            #expect(try await service.json("POST", "/v1/jobs/\(id)/tool_outputs", body: outputs).status == 200)
            #expect(try await service.job(id, reaches: ["completed", "failed"])["output"]?.string == "Sunny.")
        }
    }

    @Test("an answer of reasoning alone is not empty for clients of Anthropic's dialect", arguments: [false, true])
    func reasoningAlone(isStreaming: Bool) async throws {
        let member = isStreaming ? "delta" : "message"
        let chunk =
            #"{"id":"1","model":"m","choices":[{"index":0,"\#(member)":{"role":"assistant","content":"","reasoning":"Hm."},"#
            + #""finish_reason":"length"}],"usage":{"prompt_tokens":10,"completion_tokens":2}}"#
        try await TestService.with { _ in
            isStreaming
                ? .body(ScriptedReply.lines([chunk, "[DONE]"]), type: "text/event-stream", chunked: true) : .json(chunk)
        } _: { service async throws in
            let stream = isStreaming ? #","stream":true"# : ""
            let answer = try await service.send(
                "POST", "/v1/messages",
                body: #"{"model":"test/cheap","max_tokens":50,"messages":[{"role":"user","content":"x"}]\#(stream)}"#)
            let content =
                isStreaming
                ? try Self.blocks(of: answer.text)
                : Self.text(try JSONDocument(Array(answer.text.utf8)).root["content"])
            let blocks = Array(try JSONDocument(Array(content.utf8)).root.elements)
            #expect(blocks.map { $0["type"]?.string } == ["thinking"] && blocks.first?["thinking"]?.string == "Hm.")
        }
    }

    @Test("blocks that were sealed here do not go to Anthropic's servers")
    func toAnthropic() async throws {
        try await TestService.with(catalog: TestModels.mixed) { request in
            guard request.path == "/v1/messages" else { return Self.reply(to: request) }
            return .message("Sunny.", usage: ScriptedUsage(promptTokens: 10, completionTokens: 2))
        } _: { service async throws in
            func body(_ model: String, _ messages: String) -> String {
                #"{"model":"\#(model)","max_tokens":50,"messages":[\#(messages)]}"#
            }
            let question = #"{"role":"user","content":"Weather?"}"#
            let first = try await service.json("POST", "/v1/messages", body: body("test/cheap", question)).root
            let messages =
                #"\#(question),{"role":"assistant","content":\#(Self.text(first["content"]))},"#
                + #"{"role":"user","content":[{"type":"tool_result","tool_use_id":"call_1","content":"blue"}]}"#
            let second = try await service.send("POST", "/v1/messages", body: body("test/claude", messages))
            #expect(second.status == 200)
            let sent = try #require(service.models.record.requests.last?.bodyText)
            #expect(!sent.contains("thinking") && sent.contains(#""type":"tool_use""#))
        }
    }
}
