import Dialects
import Domain
import JSON
import Testing
import Upstream

@Suite("Counts of tokens that a server reports")
struct ReportedUsageTests {
    private static func read(_ text: String) throws -> ReportedUsage? {
        OpenAIWire.reportedUsage(try JSONDocument(Array(text.utf8)).root)
    }

    /// What is billed for a prompt of 50 tokens and an answer of 40, where the server counts nothing.
    private static func billed(_ reported: ReportedUsage?, most: Int = 100_000) -> (usage: Usage, isCounted: Bool) {
        (reported ?? .none).filled(by: Usage(input: 50, output: 40), most: most)
    }

    @Test(
        "counts that agree are believed, and of others the larger reading",
        arguments: [
            (#"{"prompt_tokens":20,"completion_tokens":198,"total_tokens":218}"#, 20, 198),
            // Thinking is in the total alone.
            (#"{"prompt_tokens":20,"completion_tokens":198,"total_tokens":623}"#, 20, 603),
            (#"{"prompt_tokens":20,"completion_tokens":198,"total_tokens":100}"#, 20, 198),
            (#"{"prompt_tokens":20,"completion_tokens":0,"total_tokens":500}"#, 20, 480),
            (#"{"prompt_tokens":20,"completion_tokens":null,"total_tokens":25}"#, 20, 5),
            (#"{"prompt_tokens":null,"completion_tokens":7,"total_tokens":25}"#, 18, 7),
            (
                #"{"prompt_tokens":20,"completion_tokens":5,"completion_tokens_details":{"reasoning_tokens":90}}"#, 20,
                95
            ),
            (#"{"input_tokens":20,"output_tokens":5,"total_tokens":25}"#, 20, 5),
            (#"{"prompt_cache_hit_tokens":6,"prompt_cache_miss_tokens":4,"completion_tokens":5}"#, 10, 5),
        ])
    func believed(text: String, prompt: Int, answer: Int) throws {
        let (usage, isCounted) = Self.billed(try Self.read(text))
        #expect(isCounted)
        #expect(usage.promptTokens == prompt && usage.completionTokens == answer)
    }

    @Test(
        "a half without a believable count is estimated, and the whole is no certain count",
        arguments: [
            (#"{"prompt_tokens":null,"completion_tokens":null,"total_tokens":0}"#, 50, 40),
            (#"{"prompt_tokens":20,"completion_tokens":-5,"total_tokens":15}"#, 20, 40),
            (#"{"prompt_tokens":20,"completion_tokens":1000000000000000000}"#, 20, 40),
            (#"{"prompt_tokens":20,"completion_tokens":1e300,"total_tokens":1e300}"#, 20, 40),
            (#"{"prompt_tokens":20,"completion_tokens":"198"}"#, 20, 40),
            (#"{"prompt_tokens":20,"completion_tokens":1.5}"#, 20, 40),
            (#"{"prompt_tokens":20,"completion_tokens":[3]}"#, 20, 40),
            (#"{"prompt_tokens":20}"#, 20, 40),
            (#"{"completion_tokens":7}"#, 50, 7),
            (#"{"prompt_tokens":-1,"completion_tokens":7,"total_tokens":6}"#, 50, 7),
            (#"{"prompt_tokens":0,"completion_tokens":7}"#, 50, 7),
            // Words came, so zero cannot be their count.
            (#"{"prompt_tokens":20,"completion_tokens":0,"total_tokens":20}"#, 20, 40),
            // More than any answer of the model.
            (#"{"prompt_tokens":20,"completion_tokens":900000}"#, 20, 40),
            (#"{"prompt_tokens":900000,"completion_tokens":7}"#, 50, 7),
            (#"{"total_tokens":500}"#, 50, 450),
            (#"{"total_tokens":60}"#, 50, 40),
            ("{}", 50, 40), ("null", 50, 40), ("[]", 50, 40), (#""none""#, 50, 40),
        ])
    func estimated(text: String, prompt: Int, answer: Int) throws {
        let (usage, isCounted) = Self.billed(try Self.read(text))
        #expect(!isCounted)
        #expect(usage.promptTokens == prompt && usage.completionTokens == answer)
    }

    @Test("zero twice is believed where nothing came, and unknown beside words")
    func zeros() throws {
        let zeros = try #require(try Self.read(#"{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}"#))
        let silent = zeros.filled(by: Usage(input: 50), most: 1000)
        #expect(silent.usage == Usage() && silent.isCounted)
        let spoken = Self.billed(zeros)
        #expect(spoken.usage == Usage(input: 50, output: 40) && !spoken.isCounted)
    }

    @Test(
        "a count that is far too small for the text is unknown, and short texts are not judged",
        arguments: [
            (1, 25_000, 6000, false), (4, 200, 50, false), (5, 200, 5, true), (1, 199, 1, true),
            (625, 25_000, 625, true),
        ])
    func tooSmall(count: Int, bytes: Int, billed: Int, isCounted: Bool) throws {
        let text = #"{"prompt_tokens":20,"completion_tokens":\#(count),"total_tokens":\#(20 + count)}"#
        let reported = try #require(try Self.read(text))
        let estimate = Usage(input: 50, output: bytes == 200 ? 50 : 6000)
        let result = reported.filled(by: estimate, most: 100_000, bytes: bytes)
        #expect(result.usage == Usage(input: 20, output: billed) && result.isCounted == isCounted)
    }

    @Test(
        "cached tokens are read under each of their names",
        arguments: [
            #""prompt_tokens_details":{"cached_tokens":null},"prompt_cache_hit_tokens":600"#,
            #""prompt_tokens_details":{"cached_tokens":0},"prompt_cache_hit_tokens":600"#,
            #""prompt_tokens_details":{"cached_tokens":600},"prompt_cache_hit_tokens":0"#,
            #""prompt_tokens_details":null,"prompt_cache_hit_tokens":600"#, #""cached_tokens":600"#,
            #""input_tokens_details":{"cached_tokens":600}"#,
            #""prompt_tokens_details":{"cached_tokens":600},"prompt_cache_hit_tokens":700"#,
        ])
    func cached(members: String) throws {
        let usage = try Self.read(#"{"prompt_tokens":1000,"completion_tokens":10,\#(members)}"#)?.usage
        #expect(usage == Usage(input: 400, cachedRead: 600, output: 10))
    }

    @Test("what was read from a cache beside the prompt is recognised by the total")
    func cachedApart() throws {
        let usage = try Self.read(
            #"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":615,"prompt_tokens_details":{"cached_tokens":600}}"#
        )?.usage
        #expect(usage == Usage(input: 10, cachedRead: 600, output: 5))
    }

    @Test("embeddings have no answer to count, and their total is their prompt")
    func embeddings() throws {
        func read(_ text: String) throws -> (usage: Usage, isCounted: Bool) {
            let reported = OpenAIWire.reportedUsage(try JSONDocument(Array(text.utf8)).root, isEmbedding: true)
            return (reported ?? .none).filled(by: Usage(input: 50), most: 1000)
        }
        #expect(try read(#"{"prompt_tokens":8,"total_tokens":8}"#) == (Usage(input: 8), true))
        #expect(try read(#"{"prompt_tokens":null,"total_tokens":8}"#) == (Usage(input: 8), true))
        #expect(try read(#"{"prompt_tokens":0,"total_tokens":8}"#) == (Usage(input: 8), true))
        #expect(try read(#"{"prompt_tokens":null,"total_tokens":null}"#) == (Usage(input: 50), false))
        #expect(try read(#"{"prompt_tokens":-8}"#) == (Usage(input: 50), false))
    }

    @Test("in a stream a later zero, null or smaller count replaces nothing")
    func later() throws {
        let first = try #require(try Self.read(#"{"prompt_tokens":30,"completion_tokens":9}"#))
        for text in [
            #"{"prompt_tokens":0,"completion_tokens":0}"#, #"{"prompt_tokens":null,"completion_tokens":null}"#,
            #"{"prompt_tokens":30,"completion_tokens":4}"#, "null",
        ] {
            #expect(first.updated(with: try Self.read(text)) == first, "\(text)")
        }
        let grown = first.updated(with: try Self.read(#"{"prompt_tokens":30,"completion_tokens":12}"#))
        #expect(grown.usage == Usage(input: 30, output: 12) && grown.countsAnswer)
    }
}

@Suite("Counts of tokens in Anthropic's format")
struct AnthropicCountTests {
    private static func stream(_ start: String, _ end: String?, stop: String? = "end_turn") throws -> ChatAnswer {
        var events = [#"{"type":"message_start","message":{"id":"msg_1","model":"c","content":[],"usage":\#(start)}}"#]
        events.append(#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"one two three"}}"#)
        if let end {
            let reason = stop.map { "\"\($0)\"" } ?? "null"
            events.append(#"{"type":"message_delta","delta":{"stop_reason":\#(reason)},"usage":\#(end)}"#)
        }
        var reader = ChatStreamReader(wire: .anthropic, host: "h")
        _ = try reader.feed(Array(events.map { "data: \($0)\n\n" }.joined().utf8))
        return reader.answer
    }

    @Test(
        "a zero at the end of a stream replaces no earlier count",
        arguments: [
            (#"{"input_tokens":2500,"output_tokens":1}"#, #"{"input_tokens":0,"output_tokens":15}"#),
            (#"{"input_tokens":2500,"output_tokens":1}"#, #"{"output_tokens":15}"#),
            (#"{"input_tokens":2500,"output_tokens":1}"#, #"{"input_tokens":null,"output_tokens":15}"#),
            (#"{"input_tokens":2500}"#, #"{"input_tokens":-1,"output_tokens":15}"#),
            (#"{"input_tokens":0,"output_tokens":0}"#, #"{"input_tokens":2500,"output_tokens":15}"#),
        ])
    func zero(start: String, end: String) throws {
        let reported = try #require(try Self.stream(start, end).reported)
        #expect(reported == ReportedUsage(usage: Usage(input: 2500, output: 15)))
    }

    @Test("a count without a reason for the end is of the whole answer once the message has ended")
    func noReason() throws {
        var reader = ChatStreamReader(wire: .anthropic, host: "h")
        let events = [
            #"{"type":"message_start","message":{"id":"msg_1","content":[],"usage":{"input_tokens":9}}}"#,
            #"{"type":"message_delta","delta":{"stop_reason":""},"usage":{"output_tokens":15}}"#,
        ]
        _ = try reader.feed(Array(events.map { "data: \($0)\n\n" }.joined().utf8))
        #expect(!reader.isComplete && reader.answer.reported?.countsAnswer == false)
        _ = try reader.feed(Array("data: {\"type\":\"message_stop\"}\n\n".utf8))
        #expect(reader.isComplete)
        #expect(reader.answer.reported == ReportedUsage(usage: Usage(input: 9, output: 15)))
    }

    @Test("tokens that move from one class to another are not counted twice")
    func moved() throws {
        let usage = try Self.stream(
            #"{"input_tokens":2500,"cache_read_input_tokens":0,"output_tokens":1}"#,
            #"{"input_tokens":100,"cache_read_input_tokens":2400,"output_tokens":15}"#
        ).usage
        #expect(usage == Usage(input: 100, cachedRead: 2400, output: 15))
    }

    @Test(
        "the count at the beginning is no count of the answer",
        arguments: [nil, #"{"output_tokens":null}"#, #"{"output_tokens":-3}"#, "null", #"{"output_tokens":"15"}"#])
    func notFinal(end: String?) throws {
        let reported = try #require(try Self.stream(#"{"input_tokens":2500,"output_tokens":1}"#, end).reported)
        #expect(reported.countsPrompt && !reported.countsAnswer)
        let (usage, isCounted) = reported.filled(by: Usage(input: 9, output: 3), most: 10_000)
        #expect(usage == Usage(input: 2500, output: 3) && !isCounted)
    }

    @Test(
        "thinking is part of the output under each of its names",
        arguments: [#""thinking_tokens":30"#, #""output_tokens_details":{"thinking_tokens":30}"#])
    func thinking(members: String) throws {
        let text = #"{"content":[],"stop_reason":"end_turn","usage":{"input_tokens":9,"output_tokens":50,\#(members)}}"#
        let answer = try AnthropicWire().answer(Array(text.utf8), host: "h").answer
        #expect(answer.usage == Usage(input: 9, output: 20, reasoning: 30))
        #expect(answer.reported?.countsAnswer == true)
    }
}

@Suite("An estimate of what was written")
struct WrittenTokensTests {
    @Test("reasoning, text and arguments count, by bytes or by words, whichever is more")
    func all() {
        var answer = ChatAnswer()
        #expect(answer.writtenTokens == 0)
        answer.thinking = [ThinkingBlock(text: String(repeating: "x", count: 48_000), member: "reasoning_content")]
        #expect(answer.writtenTokens == 12_000 && answer.readableBytes == 48_000)
        answer.toolCalls = [ToolCall(id: "a", name: "f", arguments: String(repeating: "y", count: 400))]
        #expect(answer.writtenTokens > 12_100)
        var words = ChatAnswer()
        words.text = String(repeating: "a b ", count: 250)
        #expect(words.writtenTokens == 500)
    }
}
