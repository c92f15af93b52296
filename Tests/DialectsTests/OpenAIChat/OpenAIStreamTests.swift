import Dialects
import Domain
import JSON
import Testing
import Upstream

@Suite("A stream in OpenAI's format")
struct OpenAIStreamTests {
    private static func reader() -> ChatStreamReader { ChatStreamReader(wire: .openAI, host: "h") }

    private static func feed(_ text: String, to reader: inout ChatStreamReader) throws -> [ChatEvent] {
        try reader.feed(Array(text.utf8))
    }

    @Test(
        "a llama.cpp stream gives its text, usage, timings and model, whatever the pieces",
        arguments: [1, 7, 64, 10_000])
    func recorded(pieceBytes: Int) throws {
        let bytes = Array((LlamaRecordings.stream + "\n\n").utf8)
        var reader = Self.reader()
        var events: [ChatEvent] = []
        for start in stride(from: 0, to: bytes.count, by: pieceBytes) {
            events += try reader.feed(Array(bytes[start..<min(bytes.count, start + pieceBytes)]))
        }
        #expect(reader.answer.text == "The capital of France is Paris.")
        #expect(reader.answer.model == "qwen2.5-coder-1.5b-instruct")
        #expect(reader.answer.usage == Usage(input: 1, cachedRead: 22, output: 8))
        #expect(reader.answer.timings?.decodeTokens == 8)
        #expect(reader.answer.finishReason == .stop)
        #expect(reader.isComplete)
        var writer = OpenAIEventWriter()
        #expect(events.flatMap { writer.write($0) } == bytes)
        #expect(events.last?.kind == .done)
        #expect(events.dropLast().last?.kind == .usage)
        #expect(events.map(\.delta.text).joined() == reader.answer.text)
    }

    @Test("a llama.cpp tool call is put together from its pieces")
    func recordedToolCall() throws {
        var reader = Self.reader()
        _ = try Self.feed(LlamaRecordings.toolCallStream + "\n\n", to: &reader)
        let call = try #require(reader.answer.toolCalls.first)
        #expect(reader.answer.toolCalls.count == 1)
        #expect(call.name == "calculator")
        #expect(call.id == "h9LY9lfTxRURE1fX2vd6D39jsGSISaVU")
        let arguments = try JSONDocument(Array(call.arguments.utf8)).root
        #expect(arguments["expression"]?.string?.contains("48") == true)
        #expect(reader.answer.finishReason == .toolCalls)
    }

    @Test("interleaved tool calls are kept apart by index, and without one by id")
    func severalToolCalls() throws {
        let byIndex = """
            data: {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":""}},\
            {"index":1,"id":"b","function":{"name":"g","arguments":"{"}}]}}]}

            data: {"choices":[{"delta":{"tool_calls":[{"index":1,"function":{"arguments":"}"}}]}}]}

            data: {"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}}]}


            """
        let byID = """
            data: {"choices":[{"delta":{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}}]}}]}

            data: {"choices":[{"delta":{"tool_calls":[{"id":"b","function":{"name":"g","arguments":"{"}}]}}]}

            data: {"choices":[{"delta":{"tool_calls":[{"function":{"arguments":"}"}}]}}]}


            """
        for text in [byIndex, byID] {
            var reader = Self.reader()
            _ = try Self.feed(text, to: &reader)
            #expect(
                reader.answer.toolCalls == [
                    ToolCall(id: "a", name: "f", arguments: "{}"), ToolCall(id: "b", name: "g", arguments: "{}"),
                ])
        }
    }

    @Test("without [DONE] a stream is complete when it named a reason to end")
    func missingDone() throws {
        var reader = Self.reader()
        _ = try Self.feed("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n", to: &reader)
        #expect(!reader.isComplete)
        _ = try Self.feed("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}\n\n", to: &reader)
        #expect(reader.isComplete)
        #expect(reader.answer.finishReason == .length)
    }

    @Test("a stream that just stops is not complete, and its last half event is read for the usage only")
    func broken() throws {
        var reader = Self.reader()
        _ = try Self.feed("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n", to: &reader)
        #expect(
            try Self.feed(
                "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":1}}\n", to: &reader
            )
            .isEmpty)
        reader.finish()
        #expect(reader.answer.usage == Usage(input: 4, output: 1))
        #expect(!reader.isComplete)
    }

    @Test("the usage counts though the stream ends without its last line break")
    func noLastLineBreak() throws {
        var reader = Self.reader()
        _ = try Self.feed("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\r\n\r\n", to: &reader)
        #expect(!reader.isOver)
        _ = try Self.feed(
            "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":1}}", to: &reader)
        #expect(reader.answer.usage == nil)
        reader.finish()
        #expect(reader.answer.usage == Usage(input: 4, output: 1))
        #expect(reader.isOver)
    }

    @Test("an error in the middle ends the stream")
    func errorEvent() throws {
        var reader = Self.reader()
        let events = try Self.feed(
            """
            data: {"choices":[{"delta":{"content":"a"}}]}

            data: {"error":{"message":"out of memory","type":"server_error","code":500}}

            data: {"choices":[{"delta":{"content":"b"},"finish_reason":"stop"}]}

            data: [DONE]


            """, to: &reader)
        #expect(events.count == 2)
        #expect(reader.failure?.status == 500)
        #expect(reader.failure?.message == "out of memory")
        #expect(reader.failure?.isRetryable == true)
        #expect(reader.answer.text == "a")
        #expect(!reader.isComplete)
    }

    @Test("comments, foreign words and unknown fields do no harm")
    func tolerance() throws {
        var reader = Self.reader()
        let events = try Self.feed(
            """
            : OPENROUTER PROCESSING

            data: hello

            data: {"choices":[{"index":0,"delta":{"content":"a","new":[]},"x":1}],"y":{},"usage":null,"error":null}

            data: {"unknown":true}


            """, to: &reader)
        #expect(reader.answer.text == "a")
        #expect(reader.answer.usage == nil)
        #expect(events.count == 2)
    }

    @Test("usage that comes with every chunk: the last one counts, and no text is lost")
    func continuousUsage() throws {
        var reader = Self.reader()
        let events = try Self.feed(
            """
            data: {"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":5,"completion_tokens":1}}

            data: {"choices":[{"delta":{"content":"b"}}],"usage":{"prompt_tokens":5,"completion_tokens":2}}


            """, to: &reader)
        #expect(events.map(\.kind) == [.delta, .delta] && events.map(\.delta.text) == ["a", "b"])
        #expect(reader.answer.usage == Usage(input: 5, output: 2))
    }

    @Test("an event without end is broken off at the limit")
    func endlessEvent() throws {
        var reader = ChatStreamReader(wire: .openAI, host: "h", maximumEventBytes: 1000)
        #expect(throws: UpstreamError.self) {
            for _ in 0..<100 { _ = try Self.feed(String(repeating: "x", count: 100), to: &reader) }
        }
    }
}
