import Dialects
import Domain
import ScriptedUpstream
import TestSupport
import Testing
import Upstream

@Suite("An answer in Anthropic's format")
struct AnthropicAnswerTests {
    private static let whole = #"""
        {"id":"msg_1","type":"message","role":"assistant","model":"claude","content":[
        {"type":"thinking","thinking":"hm","signature":"s"},{"type":"text","text":"Let me see."},
        {"type":"tool_use","id":"t1","name":"f","input":{"a":[1,2]}}],"stop_reason":"tool_use","stop_sequence":null,
        "usage":{"input_tokens":10,"cache_creation_input_tokens":70,"cache_read_input_tokens":200,
        "cache_creation":{"ephemeral_5m_input_tokens":30,"ephemeral_1h_input_tokens":40},"output_tokens":25}}
        """#
    private static let usage = Usage(input: 10, cachedRead: 200, cacheWrite5m: 30, cacheWrite1h: 40, output: 25)

    @Test("text, tool calls and usage by class are read, and can be said in OpenAI's format")
    func whole() throws {
        let (answer, bytes) = try AnthropicWire().answer(Array(Self.whole.utf8), host: "h")
        #expect(bytes == nil)
        #expect(answer.text == "Let me see.")
        #expect(answer.toolCalls == [ToolCall(id: "t1", name: "f", arguments: "{\"a\":[1,2]}")])
        #expect(answer.finishReason == .toolCalls)
        #expect(answer.usage == Self.usage)
        let openAI = try OpenAIWire().answer(OpenAIWriter.body(of: answer, openAIBytes: nil), host: "h").answer
        #expect(openAI.text == answer.text && openAI.toolCalls == answer.toolCalls && openAI.model == "claude")
        #expect(openAI.usage?.promptTokens == 280)
        #expect(openAI.usage?.cachedRead == 200)
    }

    @Test("cache writes of unknown life are of five minutes; no usage is nil, zero is zero")
    func usage() throws {
        func read(_ usage: String) throws -> Usage? {
            try AnthropicWire().answer(Array("{\"content\":[]\(usage)}".utf8), host: "h").answer.usage
        }
        #expect(
            try read(#","usage":{"input_tokens":1,"cache_creation_input_tokens":9,"output_tokens":2}"#)
                == Usage(input: 1, cacheWrite5m: 9, output: 2))
        #expect(try read("") == nil)
        #expect(try read(#","usage":{"input_tokens":0,"output_tokens":0}"#) == Usage())
    }

    @Test(
        "reasons to stop are translated",
        arguments: [
            ("end_turn", .stop), ("stop_sequence", .stop), ("max_tokens", .length), ("tool_use", .toolCalls),
            ("refusal", .contentFilter), ("new_reason", .other("new_reason")),
        ] as [(String, FinishReason)])
    func finishReasons(name: String, reason: FinishReason) throws {
        let text = "{\"content\":[],\"stop_reason\":\"\(name)\"}"
        #expect(try AnthropicWire().answer(Array(text.utf8), host: "h").answer.finishReason == reason)
    }

    private static let events = [
        #"{"type":"message_start","message":{"id":"msg_1","model":"claude","content":[],"usage":{"input_tokens":10,"#
            + #""cache_creation_input_tokens":70,"cache_read_input_tokens":200,"cache_creation":{"#
            + #""ephemeral_5m_input_tokens":30,"ephemeral_1h_input_tokens":40},"output_tokens":1}}}"#,
        #"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
        #"{"type":"ping"}"#,
        #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Let me "}}"#,
        #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"see."}}"#,
        #"{"type":"content_block_stop","index":0}"#,
        #"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t1","name":"f","input":{}}}"#,
        #"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":""}}"#,
        #"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"a\":"}}"#,
        #"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"[1,2]}"}}"#,
        #"{"type":"content_block_stop","index":1}"#,
        #"{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"t2","name":"g","input":{}}}"#,
        #"{"type":"content_block_stop","index":2}"#,
        #"{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":25}}"#,
        #"{"type":"message_stop"}"#,
    ]
    private static let stream = events.map { "event: x\ndata: \($0)\n\n" }

    @Test("a stream becomes OpenAI's chunks, which say the same", arguments: [1, 50, 100_000])
    func stream(pieceBytes: Int) throws {
        let bytes = Array(Self.stream.joined().utf8)
        var reader = ChatStreamReader(wire: .anthropic, host: "h")
        var openAI = ChatStreamReader(wire: .openAI, host: "h")
        var writer = OpenAIEventWriter()
        for start in stride(from: 0, to: bytes.count, by: pieceBytes) {
            for event in try reader.feed(Array(bytes[start..<min(bytes.count, start + pieceBytes)])) {
                let chunk = try #require(try openAI.feed(writer.write(event)).first)
                #expect(chunk.kind == event.kind && chunk.delta.text == event.delta.text)
                #expect(chunk.delta.toolCalls.map(\.arguments) == event.delta.toolCalls.map(\.arguments))
                #expect(chunk.delta.finishReason == event.delta.finishReason)
            }
        }
        #expect(reader.isComplete && openAI.isComplete)
        #expect(reader.answer.text == "Let me see.")
        let calls = [
            ToolCall(id: "t1", name: "f", arguments: "{\"a\":[1,2]}"), ToolCall(id: "t2", name: "g", arguments: "{}"),
        ]
        #expect(reader.answer.toolCalls == calls)
        #expect(reader.answer.usage == Self.usage)
        #expect(openAI.answer.text == reader.answer.text)
        #expect(openAI.answer.toolCalls == calls)
        #expect(openAI.answer.finishReason == .toolCalls)
        #expect(openAI.answer.usage?.promptTokens == 280)
    }

    @Test("a stream that stops is not complete, and its usage so far is known")
    func brokenStream() throws {
        var reader = ChatStreamReader(wire: .anthropic, host: "h")
        _ = try reader.feed(Array(Self.stream.prefix(5).joined().utf8))
        #expect(!reader.isComplete)
        #expect(reader.answer.usage?.promptTokens == 280)
    }

    @Test("an error in the middle ends the stream")
    func errorEvent() throws {
        var reader = ChatStreamReader(wire: .anthropic, host: "h")
        let events = try reader.feed(
            Array(
                "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"m\"}}\n\n"
                    .utf8))
        #expect(reader.failure?.code == "overloaded_error")
        #expect(reader.failure?.isRetryable == true)
        #expect(
            try events.map(\.kind) == [.failure(#require(reader.failure))] && reader.failure?.message == "m")
    }
}
