import Dialects
import Domain
import JSON
import Testing
import Upstream

@Suite("Streams that servers write in their own way")
struct OddStreamTests {
    /// What came of some events: the answer, and the bytes that an OpenAI client gets.
    private static func read(
        _ data: [[UInt8]], wire: WireFormat = .openAI
    ) throws -> (reader: ChatStreamReader, client: String) {
        var reader = ChatStreamReader(wire: wire, host: "h")
        var writer = OpenAIEventWriter()
        var bytes: [UInt8] = []
        for event in data {
            for event in try reader.feed(Array("data: ".utf8) + event + Array("\n\n".utf8)) {
                bytes += writer.write(event)
            }
        }
        return (reader, String(decoding: bytes, as: UTF8.self))
    }

    private static func read(_ data: [String]) throws -> (reader: ChatStreamReader, client: String) {
        try read(data.map { Array($0.utf8) })
    }

    /// The answer that a client reads out of the bytes that it gets.
    private static func reread(_ client: String) throws -> ChatAnswer {
        var reader = ChatStreamReader(wire: .openAI, host: "h")
        _ = try reader.feed(Array(client.utf8))
        return reader.answer
    }

    private static func chunk(_ delta: String, finish: String = "null") -> String {
        #"{"id":"1","model":"m","choices":[{"index":0,"delta":\#(delta),"finish_reason":\#(finish)}]}"#
    }

    // MARK: Whole answers

    @Test("log-probabilities of a whole answer, and of each of several, are in the stream that a client wants")
    func probabilities() throws {
        let token = #"{"token":"Hi","logprob":-0.25,"top_logprobs":[]}"#
        let whole = try OpenAIWire().wholeAnswer(
            Array(
                #"{"id":"1","model":"m","choices":[{"message":{"content":"Hi"},"logprobs":{"content":[\#(token)]}}]}"#
                    .utf8),
            host: "h"
        ).answer
        var writer = OpenAIEventWriter()
        let client = whole.events(id: "1", model: "m").flatMap { writer.write($0) }
        #expect(try Self.reread(String(decoding: client, as: UTF8.self)).rawLogProbabilities == [Array(token.utf8)])
        let choices = OpenAIEventWriter.events(of: [whole, whole], usage: nil)
        let bytes = choices.flatMap { writer.write($0) }
        #expect(String(decoding: bytes, as: UTF8.self).ranges(of: token).count == 2)
    }

    // MARK: Split characters

    @Test("a character that two events share reaches the client")
    func splitCharacters() throws {
        let (reader, client) = try Self.read([
            Self.chunk(#"{"content":"Hi \ud83d"}"#), Self.chunk(#"{"content":"\ude00 you"}"#),
            Self.chunk(#"{"content":"!"}"#, finish: #""stop""#), "[DONE]",
        ])
        #expect(reader.answer.text == "Hi 😀 you!" && reader.isComplete)
        #expect(try Self.reread(client).text == "Hi 😀 you!")
        for line in client.split(separator: "\n") where line.hasPrefix("data: {") {
            #expect((try? JSONDocument(Array(line.utf8.dropFirst(6)))) != nil, "each event is JSON by itself")
        }
    }

    @Test("bytes of a character that two events share reach the client, in text, reasoning and arguments")
    func splitBytes() throws {
        let euro = Array("€".utf8)
        for member in ["content", "reasoning_content"] {
            func event(_ content: [UInt8]) -> [UInt8] {
                Array(#"{"choices":[{"delta":{"\#(member)":""#.utf8) + content + Array(#""}}]}"#.utf8)
            }
            let parts = [Array("5 ".utf8) + Array(euro[..<1]), Array(euro[1...]) + Array("!".utf8)]
            let (reader, _) = try Self.read(parts.map { event($0) }, wire: .openAI)
            #expect(reader.answer.text + (reader.answer.thinking.first?.text ?? "") == "5 €!")
        }
        func event(_ arguments: [UInt8]) -> [UInt8] {
            Array(#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":""#.utf8)
                + arguments + Array(#""}}]}}]}"#.utf8)
        }
        let parts = [
            Array(#"{\"a\":\""#.utf8) + Array(euro[..<2]), Array(euro[2...]) + Array(#"\"}"#.utf8),
        ]
        let (reader, _) = try Self.read(parts.map { event($0) }, wire: .openAI)
        #expect(reader.answer.toolCalls.first?.arguments == #"{"a":"€"}"#)
    }

    @Test("Anthropic's events share characters, too")
    func splitInAnthropic() throws {
        func delta(_ text: String) -> [UInt8] {
            Array(#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\#(text)"}}"#.utf8)
        }
        let (reader, client) = try Self.read([delta(#"Hi \ud83d"#), delta(#"\ude00"#)], wire: .anthropic)
        #expect(reader.answer.text == "Hi 😀")
        #expect(try Self.reread(client).text == "Hi 😀")
    }

    @Test("NaN in an event loses no word of it")
    func notANumber() throws {
        let (reader, client) = try Self.read([
            #"{"choices":[{"index":0,"delta":{"content":"a"},"logprobs":{"content":[{"logprob":NaN}]}}]}"#,
            #"{"choices":[{"index":0,"delta":{"content":"b"},"x":-Infinity}],"usage":{"prompt_tokens":NaN}}"#,
        ])
        #expect(reader.answer.text == "ab" && reader.answer.reported == nil)
        #expect(try Self.reread(client).text == "ab")
    }

    @Test("an event that is no JSON breaks the stream off instead of vanishing")
    func unreadable() throws {
        let (reader, _) = try Self.read([
            Self.chunk(#"{"content":"a"}"#), #"{"choices":[{"delta":{"content":"b"#,
            Self.chunk("{}", finish: #""stop""#),
        ])
        #expect(reader.answer.text == "a" && !reader.isComplete)
        guard case .malformed = reader.fault else {
            Issue.record("no fault but \(String(describing: reader.fault))")
            return
        }
    }

    @Test("a whole answer in an event is passed on as a piece")
    func wholeInEvent() throws {
        let whole =
            #"{"id":"1","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"four","tool_calls":["#
            + #"{"id":"a","function":{"name":"f","arguments":"{}"}},{"id":"b","function":{"name":"g","arguments":"{}"}}]},"#
            + #""finish_reason":"tool_calls"}],"usage":{"prompt_tokens":5,"completion_tokens":3}}"#
        let (reader, client) = try Self.read([whole, "[DONE]"])
        #expect(reader.isComplete && reader.answer.reported == ReportedUsage(usage: Usage(input: 5, output: 3)))
        let answer = try Self.reread(client)
        #expect(answer.text == "four" && answer.toolCalls.map(\.name) == ["f", "g"] && answer.id == "1")
        #expect(answer.finishReason == .toolCalls && answer.usage == Usage(input: 5, output: 3))
    }

    // MARK: Ends

    @Test(
        "an empty reason is none: the stream goes on, and is not complete before its end", arguments: [#""""#, #"" ""#])
    func emptyReason(reason: String) throws {
        let pieces = ["a", "b"].map { Self.chunk(#"{"content":"\#($0)"}"#, finish: reason) }
        let (cut, client) = try Self.read(pieces)
        #expect(cut.answer.finishReason == nil && !cut.isComplete && !cut.isOver)
        #expect(client.contains(#""finish_reason":null"#) && !client.contains(#""finish_reason":""#))
        var writer = AnthropicEventWriter(id: "msg_1", model: "m", promptTokens: 1)
        var reader = ChatStreamReader(wire: .openAI, host: "h")
        let text = (pieces + [Self.chunk("{}", finish: #""stop""#), "[DONE]"]).map { "data: \($0)\n\n" }.joined()
        let written = try reader.feed(Array(text.utf8)).flatMap { writer.write($0) }
        #expect(String(decoding: written, as: UTF8.self).ranges(of: "event: content_block_start").count == 1)
        #expect(reader.isComplete)
    }

    @Test(
        "a reason that is an error, or an error in the choice, ends the stream as a failure",
        arguments: [
            Self.chunk(#"{"content":"b"}"#, finish: #""error""#),
            Self.chunk(#"{"content":"b"}"#, finish: #""abort""#),
            #"{"choices":[{"index":0,"delta":{"content":"b"},"error":{"code":502,"message":"gone"},"finish_reason":"stop"}]}"#,
            #"{"choices":[{"index":0,"delta":{"content":"b"},"error":"gone"}]}"#,
            #"{"error":{"code":502,"message":"gone"},"choices":[{"delta":{"content":"b"},"finish_reason":"error"}]}"#,
        ])
    func errorReason(last: String) throws {
        let (reader, client) = try Self.read([Self.chunk(#"{"content":"a"}"#), last, "[DONE]"])
        #expect(reader.failure != nil && !reader.isComplete)
        #expect(reader.answer.text == "ab" && reader.answer.finishReason == nil)
        #expect(try Self.reread(client).text == "ab")
    }

    @Test("an error without a choice is a failure of its server", arguments: ["", #","choices":[]"#])
    func errorAlone(members: String) throws {
        let error = #"{"error":{"code":503,"message":"overloaded"}\#(members)}"#
        let (reader, _) = try Self.read([error])
        #expect(reader.failure?.status == 503)
        let thrown = #expect(throws: UpstreamError.self) { try OpenAIWire().answer(Array(error.utf8), host: "h") }
        guard case .status(let failure) = thrown else {
            Issue.record("no status but \(String(describing: thrown))")
            return
        }
        #expect(failure.status == 503)
    }

    @Test(
        "a whole answer that ends in an error is a failure, with what it says of its tokens",
        arguments: [
            #""finish_reason":"error""#, #""finish_reason":"stop","error":{"code":502,"message":"gone"}"#,
            #""finish_reason":"insufficient_system_resource""#,
        ])
    func wholeError(members: String) throws {
        let body =
            #"{"choices":[{"index":0,"message":{"content":"par"},\#(members)}],"#
            + #""usage":{"prompt_tokens":3,"completion_tokens":1}}"#
        let answer = try OpenAIWire().answer(Array(body.utf8), host: "h").answer
        #expect(answer.failure != nil && answer.usage == Usage(input: 3, output: 1))
        let fine = #"{"choices":[{"message":{"content":"x"},"finish_reason":"","error":null}]}"#
        let other = try OpenAIWire().answer(Array(fine.utf8), host: "h").answer
        #expect(other.failure == nil && other.finishReason == nil)
    }

    @Test("a list that comes in pieces goes back as one list, and of other members the last one")
    func lists() throws {
        let (reader, _) = try Self.read([
            Self.chunk(#"{"reasoning_details":[{"text":"a"}],"trace":"1"}"#), Self.chunk(#"{"reasoning_details":[]}"#),
            Self.chunk(#"{"reasoning_details":[ {"text":"b"}, {"text":"c"} ],"trace":"2"}"#), "[DONE]",
        ])
        let body = try JSONDocument(OpenAIWriter.body(of: reader.answer, openAIBytes: nil)).root
        let message = body["choices"]?.elements.first { _ in true }?["message"]
        #expect(message?["reasoning_details"]?.elements.compactMap { $0["text"]?.string } == ["a", "b", "c"])
        #expect(message?["trace"]?.string == "2" && reader.answer.origin == "h")
    }

    // MARK: Counts

    @Test(
        "counts are found in each of their places",
        arguments: [
            #"{"choices":[{"index":0,"delta":{},"finish_reason":"stop","usage":{"prompt_tokens":5,"completion_tokens":3}}]}"#,
            #"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"x_groq":{"usage":{"prompt_tokens":5,"completion_tokens":3}}}"#,
            #"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":3}}"#,
        ])
    func places(last: String) throws {
        let reader = try Self.read([Self.chunk(#"{"content":"a"}"#), last]).reader
        #expect(reader.answer.reported == ReportedUsage(usage: Usage(input: 5, output: 3)))
        #expect(reader.isOver)
    }

    @Test("counts that come with every piece are those of the answer at its end alone")
    func interimCounts() throws {
        func piece(_ text: String, _ count: Int, finish: String = "null") -> String {
            #"{"choices":[{"index":0,"delta":{"content":"\#(text)"},"finish_reason":\#(finish)}],"#
                + #""usage":{"prompt_tokens":5,"completion_tokens":\#(count)}}"#
        }
        var reader = try Self.read([piece("a", 1), piece("b", 2)]).reader
        #expect(reader.answer.usage == Usage(input: 5, output: 2))
        #expect(reader.answer.reported?.countsPrompt == true && reader.answer.reported?.countsAnswer == false)
        _ = try reader.feed(Array("data: \(piece("", 3, finish: #""stop""#))\n\n".utf8))
        #expect(reader.answer.reported == ReportedUsage(usage: Usage(input: 5, output: 3)))
        #expect(reader.isOver)
        let done = try Self.read([piece("a", 1), piece("b", 2), "[DONE]"]).reader
        #expect(done.answer.reported?.countsAnswer == true)
    }
}
