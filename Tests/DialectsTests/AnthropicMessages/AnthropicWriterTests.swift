import Dialects
import Domain
import JSON
import TestSupport
import Testing
import Upstream

@Suite("An answer for callers of Anthropic's format")
struct AnthropicWriterTests {
    private static let whole = #"""
        {"id":"msg_1","type":"message","role":"assistant","model":"claude","content":[
        {"type":"thinking","thinking":"hm","signature":"s"},{"type":"redacted_thinking","data":"xx"},
        {"type":"text","text":"Let me see."},
        {"type":"tool_use","id":"toolu_1","name":"f","input":{"a":[1,2]}}],"stop_reason":"STOP","stop_sequence":SEQUENCE,
        "usage":{"input_tokens":10,"cache_creation_input_tokens":70,"cache_read_input_tokens":200,
        "cache_creation":{"ephemeral_5m_input_tokens":30,"ephemeral_1h_input_tokens":40},"output_tokens":25}}
        """#

    private static func root(_ bytes: [UInt8]) throws -> JSONValue { try JSONDocument(bytes).root }

    private static func written(_ answer: ChatAnswer) -> [UInt8] {
        AnthropicWriter(answer, id: "msg_own", model: "own").body(answer, promptTokens: 7)
    }

    @Test(
        "what an Anthropic server said comes through OpenAI's format and back with its blocks, usage and reason to stop",
        arguments: [
            ("tool_use", "null"), ("max_tokens", "null"), ("stop_sequence", #""END""#),
            ("refusal", "null"), ("pause_turn", "null"), ("model_context_window_exceeded", "null"),
        ])
    func thereAndBack(reason: String, sequence: String) throws {
        let text = Self.whole.replacing("STOP", with: reason).replacing("SEQUENCE", with: sequence)
        let said = try AnthropicWire().answer(Array(text.utf8), host: "h").answer
        let answer = try OpenAIWire().answer(OpenAIWriter.body(of: said, openAIBytes: nil), host: "h").answer
        #expect(answer == said)
        let original = try Self.root(Array(text.utf8))
        let back = try Self.root(Self.written(answer))
        for name in ["id", "type", "role", "model", "stop_reason", "stop_sequence"] {
            #expect(back[name]?.text == original[name]?.text, "\(name)")
        }
        let blocks = Array(try #require(back["content"]?.elements)).map(\.text)
        #expect(blocks == Array(try #require(original["content"]?.elements)).map(\.text))
        for member in try #require(original["usage"]?.members) {
            #expect(back["usage"]?[member.key]?.text == member.value.text, "\(member.key)")
        }
    }

    @Test("an OpenAI server's answer is a message with a name of its own, and its cached tokens are apart")
    func openAI() throws {
        let body = #"""
            {"id":"chatcmpl-1","model":"gpt","choices":[{"index":0,"finish_reason":"stop","stop_reason":"END",
            "message":{"role":"assistant","content":"hi"}}],"usage":{"prompt_tokens":100,"completion_tokens":7,
            "prompt_tokens_details":{"cached_tokens":60},"completion_tokens_details":{"reasoning_tokens":3}}}
            """#
        let answer = try OpenAIWire().answer(Array(body.utf8), host: "h").answer
        let root = try Self.root(Self.written(answer))
        #expect(root["id"]?.string == "msg_own")
        #expect(root["model"]?.string == "gpt")
        #expect(root["stop_reason"]?.string == "stop_sequence")
        #expect(root["stop_sequence"]?.string == "END")
        #expect(
            root["usage"]?.text
                == #"{"input_tokens":40,"cache_creation_input_tokens":0,"cache_read_input_tokens":60,"output_tokens":7}"#
        )
    }

    @Test(
        "a call of a tool always has an object and an id that Anthropic's servers take back",
        arguments: [
            ("call_1", "", "call_1", "{}"), ("functions.f:0", #"{"a":1}"#, "functions_f_0", #"{"a":1}"#),
            ("c", #"{"a":"#, "c", #"{"INVALID_JSON":"{\"a\":"}"#), ("c", "[1]", "c", #"{"INVALID_JSON":"[1]"}"#),
            ("", "{}", "toolu_msg_own_0", "{}"),
        ])
    func toolUse(id: String, arguments: String, expectedID: String, input: String) throws {
        var answer = ChatAnswer()
        answer.toolCalls = [ToolCall(id: id, name: "f", arguments: arguments)]
        answer.finishReason = .stop
        let root = try Self.root(Self.written(answer))
        let block = try #require(root["content"]?.elements.first { _ in true })
        #expect(block["id"]?.string == expectedID)
        #expect(block["input"]?.text == input)
        #expect(root["stop_reason"]?.string == "tool_use")
    }

    @Test("a refusal is text, and the reason to stop")
    func refusal() throws {
        var answer = ChatAnswer()
        answer.refusal = "I will not."
        answer.finishReason = .stop
        let root = try Self.root(Self.written(answer))
        #expect(root["content"]?.text == #"[{"type":"text","text":"I will not."}]"#)
        #expect(root["stop_reason"]?.string == "refusal")
    }

    // MARK: Streams

    private static func answer(_ generator: inout Generator) -> ChatAnswer {
        var answer = ChatAnswer()
        answer.id = "msg_7"
        answer.model = "claude"
        answer.text = generator.text(upTo: 12)
        for _ in 0..<generator.below(3) {
            answer.thinking.append(
                generator.below(3) == 0
                    ? ThinkingBlock(redacted: generator.text(upTo: 4))
                    : ThinkingBlock(text: generator.text(upTo: 6), signature: generator.text(upTo: 3)))
        }
        for number in 0..<generator.below(3) {
            answer.toolCalls.append(
                ToolCall(id: "toolu_\(number)", name: "f\(number)", arguments: #"{"a":"\#(generator.below(1000))"}"#))
        }
        answer.finishReason = !answer.toolCalls.isEmpty ? .toolCalls : generator.below(2) == 0 ? .stop : .length
        if answer.finishReason == .stop, generator.below(2) == 0 {
            answer.stopSequence = "END"
            answer.nativeFinishReason = "stop_sequence"
        }
        answer.usage = Usage(
            input: generator.below(99), cachedRead: generator.below(99), cacheWrite5m: generator.below(9),
            cacheWrite1h: generator.below(9), output: generator.below(99))
        return answer
    }

    @Test("any answer says the same in both formats, whole and streamed, in pieces of any size")
    func anyAnswer() throws {
        var generator = Generator(state: 7)
        for _ in 0..<200 {
            let answer = Self.answer(&generator)
            let whole = try AnthropicWire().answer(Self.written(answer), host: "h").answer
            #expect(whole == answer)
            #expect(
                try OpenAIWire().answer(OpenAIWriter(id: "msg_7", model: "claude").body(answer), host: "h").answer
                    == answer)
            var chunkWriter = OpenAIEventWriter()
            let chunks = answer.events(id: "msg_7", model: "claude").flatMap { chunkWriter.write($0) }
            var chunkReader = ChatStreamReader(wire: .openAI, host: "h")
            var writer = AnthropicEventWriter(id: "msg_own", model: "own", promptTokens: 7)
            var reader = ChatStreamReader(wire: .anthropic, host: "h")
            let size = 1 + generator.below(400)
            for start in stride(from: 0, to: chunks.count, by: size) {
                for event in try chunkReader.feed(Array(chunks[start..<min(chunks.count, start + size)])) {
                    _ = try reader.feed(writer.write(event))
                }
            }
            #expect(chunkReader.answer == answer)
            #expect(reader.isComplete)
            #expect(reader.answer == answer)
        }
    }

    @Test("the events of a stream come in Anthropic's order")
    func order() throws {
        let chunks = [
            #"{"id":"1","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}"#,
            #"{"choices":[{"index":0,"delta":{"content":"Let me "}}]}"#,
            #"{"choices":[{"index":0,"delta":{"content":"see."}}]}"#,
            #"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":""}}]}}]}"#,
            #"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\":"}}]}}]}"#,
            #"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]}}]}"#,
            #"{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#,
            #"{"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":9}}"#, "[DONE]",
        ]
        var writer = AnthropicEventWriter(id: "msg_own", model: "own", promptTokens: 7)
        var reader = ChatStreamReader(wire: .openAI, host: "h")
        var lines = SSEReader()
        var events: [String] = []
        for chunk in try reader.feed(Array(chunks.map { "data: \($0)\n\n" }.joined().utf8)) {
            for event in try lines.feed(writer.write(chunk)) {
                let root = try Self.root(event.data)
                #expect(root["type"]?.string == event.event)
                events.append(String(decoding: event.data, as: UTF8.self))
            }
        }
        #expect(
            events == [
                #"{"type":"message_start","message":{"id":"msg_own","type":"message","role":"assistant","model":"m","#
                    + #""content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":7,"#
                    + #""cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}}}"#,
                #"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
                #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Let me "}}"#,
                #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"see."}}"#,
                #"{"type":"content_block_stop","index":0}"#,
                #"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"c","name":"f","input":{}}}"#,
                #"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"a\":"}}"#,
                #"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"1}"}}"#,
                #"{"type":"content_block_stop","index":1}"#,
                #"{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"input_tokens":5,"#
                    + #""cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":9}}"#,
                #"{"type":"message_stop"}"#,
            ])
    }

    @Test("reasoning before, between and behind words is a block each, sealed for the server that wrote it")
    func reasoning() throws {
        let chunks = [
            #"{"choices":[{"index":0,"delta":{"reasoning":"a"}}]}"#,
            #"{"choices":[{"index":0,"delta":{"reasoning":"b"}}]}"#,
            #"{"choices":[{"index":0,"delta":{"content":"one"}}]}"#,
            #"{"choices":[{"index":0,"delta":{"reasoning":"c"}}]}"#,
            #"{"choices":[{"index":0,"delta":{"reasoning":"d","content":"two"},"finish_reason":"stop"}]}"#, "[DONE]",
        ]
        var writer = AnthropicEventWriter(id: "msg_own", model: "own", promptTokens: 7)
        var reader = ChatStreamReader(wire: .openAI, host: "h")
        var client = ChatStreamReader(wire: .anthropic, host: "h")
        for event in try reader.feed(Array(chunks.map { "data: \($0)\n\n" }.joined().utf8)) {
            _ = try client.feed(writer.write(event))
        }
        #expect(client.isComplete && client.answer.text == "onetwo")
        #expect(client.answer.thinking.map(\.text) == ["ab", "cd"])
        #expect(client.answer.thinking.allSatisfy { $0.signature.contains(#""member":"reasoning""#) })
    }

    @Test("pieces of calls that are mixed come one call after the other")
    func mixedPieces() throws {
        func piece(_ index: Int, _ arguments: String, start: Bool = false) -> String {
            let head = start ? #""id":"c\#(index)","# : ""
            let name = start ? #""name":"f\#(index)","# : ""
            return #"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":\#(index),\#(head)"function":"#
                + #"{\#(name)"arguments":"\#(arguments)"}}]}}]}"#
        }
        let chunks = [
            piece(0, #"{\"a\":"#, start: true), piece(1, "{", start: true), piece(0, "1}"), piece(1, "}"),
            #"{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#, "[DONE]",
        ]
        var writer = AnthropicEventWriter(id: "msg_own", model: "own", promptTokens: 7)
        var reader = ChatStreamReader(wire: .openAI, host: "h")
        var client = ChatStreamReader(wire: .anthropic, host: "h")
        for event in try reader.feed(Array(chunks.map { "data: \($0)\n\n" }.joined().utf8)) {
            _ = try client.feed(writer.write(event))
        }
        #expect(client.isComplete && client.answer.toolCalls.map(\.arguments) == [#"{"a":1}"#, "{}"])
    }

    @Test("an error ends a stream, a comment becomes a ping, and mixed pieces of calls are told")
    func faults() throws {
        func written(_ events: [ChatEvent]) -> String {
            var writer = AnthropicEventWriter(id: "msg_own", model: "own", promptTokens: 7)
            return events.map { String(decoding: writer.write($0), as: UTF8.self) }.joined()
        }
        func events(_ data: [String]) throws -> String {
            var reader = ChatStreamReader(wire: .openAI, host: "h")
            return written(try data.flatMap { try reader.feed(Array($0.utf8)) })
        }
        #expect(written([.comment("wait")]) == "event: ping\ndata: {\"type\":\"ping\"}\n\n")
        let failed = written([.failure(message: "gone"), .failure(message: "again"), .comment("wait"), .done])
        #expect(
            failed
                == "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"gone\"}}\n\n"
        )
        func piece(_ index: Int, _ name: String) -> String {
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":\(index),\"id\":\"c\(index)\","
                + "\"function\":{\"name\":\"\(name)\",\"arguments\":\"{}\"}}]}}]}\n\n"
        }
        let mixed = try events([piece(0, "f"), piece(1, "g"), piece(0, "")])
        #expect(mixed.contains("mixed the pieces"))
        #expect(try !events([piece(0, "f"), piece(1, "g")]).contains("error"))
    }
}

/// Random values that are the same in every run.
private struct Generator {
    var state: UInt64

    mutating func below(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % bound
    }

    /// Words with marks that JSON has to escape.
    mutating func text(upTo count: Int) -> String {
        let words = ["a", "ü", "\"", "\\", "\n", " ", "日本", "👩‍👩‍👧", "{}", "data: x\n\n"]
        return (0..<below(count + 1)).map { _ in words[below(words.count)] }.joined()
    }
}
