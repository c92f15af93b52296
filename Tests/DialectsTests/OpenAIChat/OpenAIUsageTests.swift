import Dialects
import Domain
import JSON
import Testing
import Upstream

@Suite("Usage in OpenAI's format")
struct OpenAIUsageTests {
    private static func usage(_ text: String) throws -> Usage? {
        OpenAIWire.reportedUsage(try JSONDocument(Array(text.utf8)).root)?.believed
    }

    @Test("cached, reasoning and audio tokens are taken out of their wholes")
    func classes() throws {
        let usage = try Self.usage(
            """
            {"prompt_tokens":100,"completion_tokens":50,"total_tokens":150,
            "prompt_tokens_details":{"cached_tokens":60,"audio_tokens":10},
            "completion_tokens_details":{"reasoning_tokens":20,"audio_tokens":5}}
            """)
        #expect(
            usage == Usage(input: 30, cachedRead: 60, output: 25, reasoning: 20, audioInput: 10, audioOutput: 5))
        #expect(usage?.promptTokens == 100)
        #expect(usage?.completionTokens == 50)
    }

    @Test("usage of zero is zero, and no usage is nil")
    func zero() throws {
        #expect(try Self.usage(#"{"prompt_tokens":0,"completion_tokens":0}"#) == Usage())
        #expect(try Self.usage("null") == nil)
        #expect(try Self.usage("{}") == nil)
        #expect(try Self.usage(#"{"total_tokens":5}"#) == nil)
        #expect(OpenAIWire.reportedUsage(nil) == nil)
    }

    @Test("details that are null or absent count as zero")
    func noDetails() throws {
        let usage = try Self.usage(
            #"{"prompt_tokens":7,"completion_tokens":3,"prompt_tokens_details":null,"completion_tokens_details":{}}"#)
        #expect(usage == Usage(input: 7, output: 3))
    }

    @Test("reasoning that is counted apart is recognised by the total")
    func reasoningApart() throws {
        let usage = try Self.usage(
            """
            {"prompt_tokens":10,"completion_tokens":5,"total_tokens":115,
            "completion_tokens_details":{"reasoning_tokens":100}}
            """)
        #expect(usage == Usage(input: 10, output: 5, reasoning: 100))
    }

    @Test("parts larger than their whole never make a class negative or the whole larger")
    func inconsistent() throws {
        let usage = try Self.usage(
            """
            {"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":99},
            "completion_tokens_details":{"reasoning_tokens":99}}
            """)
        #expect(usage == Usage(cachedRead: 10, reasoning: 5))
        #expect(try Self.usage(#"{"prompt_tokens":-4,"completion_tokens":1e300}"#) == nil)
    }

    @Test("DeepSeek's name for cached tokens is known")
    func cacheHits() throws {
        let usage = try Self.usage(#"{"prompt_tokens":10,"completion_tokens":1,"prompt_cache_hit_tokens":8}"#)
        #expect(usage == Usage(input: 2, cachedRead: 8, output: 1))
    }

    @Test("what was written to a cache is counted apart, and never more than there was")
    func cacheWrites() throws {
        func read(_ details: String) throws -> Usage? {
            let text =
                #"{"prompt_tokens":100,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":40,\#(details)}}"#
            return OpenAIWire.reportedUsage(try JSONDocument(Array(text.utf8)).root)?.believed
        }
        #expect(
            try read(#""cache_write_tokens":30"#) == Usage(input: 30, cachedRead: 40, cacheWrite5m: 30, output: 5))
        #expect(
            try read(#""cache_write_tokens":30,"cache_write_1h_tokens":20"#)
                == Usage(input: 30, cachedRead: 40, cacheWrite5m: 10, cacheWrite1h: 20, output: 5))
        #expect(try read(#""cache_write_tokens":900"#) == Usage(input: 0, cachedRead: 40, cacheWrite5m: 60, output: 5))
    }
}
