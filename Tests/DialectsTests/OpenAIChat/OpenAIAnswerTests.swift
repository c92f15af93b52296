import Dialects
import Domain
import Testing
import Upstream

@Suite("A complete answer in OpenAI's format")
struct OpenAIAnswerTests {
    private static func read(_ text: String) throws -> ChatAnswer {
        try OpenAIWire().answer(Array(text.utf8), host: "h").answer
    }

    @Test("a llama.cpp answer is read whole, and its bytes are handed on as they are")
    func recorded() throws {
        let bytes = Array(LlamaRecordings.answer.utf8)
        let (answer, body) = try OpenAIWire().answer(bytes, host: "h")
        #expect(body == bytes)
        #expect(answer.text == "The capital of France is Paris.")
        #expect(answer.model == "qwen2.5-coder-1.5b-instruct")
        #expect(answer.id == "chatcmpl-x4rghKaOwU6abH1e1ctZNkGzeAPtqqtC")
        #expect(answer.finishReason == .stop)
        #expect(answer.usage == Usage(input: 23, output: 8))
        #expect(
            answer.timings
                == ServerTimings(
                    prefillTokens: 23, prefillSeconds: 816.223 / 1000, decodeTokens: 8, decodeSeconds: 392.675 / 1000,
                    cachedTokens: 0))
        #expect(answer.logProbabilities == nil)
    }

    @Test("log-probabilities are read, and a warm cache shows in usage and timings")
    func logProbabilities() throws {
        let answer = try Self.read(LlamaRecordings.answerWithLogProbabilities)
        #expect(answer.logProbabilities?.map(\.logarithm) == [-0.057575374841690063, -0.00042966296314261854])
        #expect(answer.usage == Usage(input: 1, cachedRead: 22, output: 8))
        #expect(answer.timings?.cachedTokens == 22)
    }

    @Test("tool calls keep their arguments as written")
    func toolCalls() throws {
        let answer = try Self.read(
            #"""
            {"model":"m","choices":[{"index":0,"finish_reason":"tool_calls","message":{"content":null,"tool_calls":[
            {"id":"a","type":"function","function":{"name":"f","arguments":"{ \"x\": 1.50 }"}},
            {"id":"b","type":"function","function":{"name":"g","arguments":{"y":2}}}]}}]}
            """#)
        #expect(answer.text.isEmpty)
        #expect(answer.finishReason == .toolCalls)
        #expect(
            answer.toolCalls == [
                ToolCall(id: "a", name: "f", arguments: "{ \"x\": 1.50 }"),
                ToolCall(id: "b", name: "g", arguments: "{\"y\":2}"),
            ])
        #expect(answer.usage == nil)
    }

    @Test("of several choices the first by index counts")
    func choices() throws {
        let answer = try Self.read(
            #"{"choices":[{"index":1,"message":{"content":"second"}},{"index":0,"message":{"content":"first"}}]}"#)
        #expect(answer.text == "first")
        #expect(answer.finishReason == nil)
        #expect(answer.model == nil)
    }

    @Test("text in parts is joined, and a refusal is kept apart")
    func parts() throws {
        let answer = try Self.read(
            #"""
            {"choices":[{"message":{"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}],"refusal":"no"},
            "finish_reason":"content_filter"}]}
            """#)
        #expect(answer.text == "ab")
        #expect(answer.refusal == "no")
        #expect(answer.finishReason == .contentFilter)
    }

    @Test(
        "what is no answer is malformed and says why",
        arguments: [
            "", "not json", "{\"choices\":", "[]", "{}", #"{"choices":[]}"#, #"{"choices":[{"index":0}]}"#,
            #"{"choices":{}}"#,
        ])
    func malformed(text: String) throws {
        let error = #expect(throws: UpstreamError.self) { try Self.read(text) }
        guard case .malformed("h", _) = error else {
            Issue.record("not called malformed: \(String(describing: error))")
            return
        }
    }

    @Test("an error in an answer of status 200 is an error")
    func disguisedError() throws {
        let text = #"{"error":{"message":"no provider","code":503}}"#
        let error = #expect(throws: UpstreamError.self) { try Self.read(text) }
        guard case .status(let failure) = error else {
            Issue.record("not an error of the server: \(String(describing: error))")
            return
        }
        #expect(failure.status == 503)
        #expect(failure.isRetryable)
        #expect(failure.message == "no provider")
    }

    @Test("what the writer writes reads back the same", arguments: [true, false])
    func writer(hasTools: Bool) throws {
        var answer = ChatAnswer()
        answer.id = "i"
        answer.model = "m"
        answer.text = hasTools ? "" : "tab\t and \"quotes\" and ü"
        answer.toolCalls = hasTools ? [ToolCall(id: "c", name: "f", arguments: "{\"a\":\"\\n\"}")] : []
        answer.finishReason = hasTools ? .toolCalls : .length
        answer.usage = Usage(input: 5, cachedRead: 2, output: 3, reasoning: 1)
        let writer = OpenAIWriter(id: "i", model: "m")
        #expect(try OpenAIWire().answer(writer.body(answer), host: "h").answer == answer)
        var reader = ChatStreamReader(wire: .openAI, host: "h")
        var events = OpenAIEventWriter()
        for event in answer.events(id: "", model: "") {
            let read = try #require(try reader.feed(events.write(event)).first)
            #expect(read.kind == event.kind && read.delta.text == event.delta.text)
            #expect(read.delta.toolCalls == event.delta.toolCalls && read.delta.usage == event.delta.usage)
        }
        #expect(reader.answer == answer)
        #expect(reader.isComplete)
    }
}
