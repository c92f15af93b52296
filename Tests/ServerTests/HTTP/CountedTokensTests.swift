import Calls
import Domain
import JSON
import Ledger
import ScriptedUpstream
import Steps
import Testing
import Upstream

@Suite("Booking by a server's counts")
struct CountedTokensTests {
    private static let words = String(repeating: "word ", count: 400)

    /// A whole answer of 400 words with a usage.
    private static func whole(_ usage: String?, reasoning: String? = nil) -> ScriptedReply {
        let thought = reasoning.map { #","reasoning_content":"\#($0)""# } ?? ""
        return .json(
            #"{"model":"m","choices":[{"index":0,"message":{"content":"\#(words)"\#(thought)},"finish_reason":"stop"}]"#
                + (usage.map { #","usage":\#($0)"# } ?? "") + "}")
    }

    private static func stream(_ usage: String?) -> ScriptedReply {
        var events = [
            #"{"model":"m","choices":[{"index":0,"delta":{"content":"\#(words)"}}]}"#,
            #"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
        ]
        if let usage { events.append(#"{"choices":[],"usage":\#(usage)}"#) }
        return .body(ScriptedReply.lines(events + ["[DONE]"]), type: "text/event-stream", chunked: true)
    }

    @Test(
        "counts that cannot be believed are booked as uncertain, no lower than what came",
        arguments: [
            nil, "null", #"{"prompt_tokens":null,"completion_tokens":null,"total_tokens":0}"#,
            #"{"prompt_tokens":20,"completion_tokens":-5}"#,
            #"{"prompt_tokens":20,"completion_tokens":1000000000000000000}"#,
            #"{"prompt_tokens":20,"completion_tokens":500000}"#, #"{"prompt_tokens":20,"completion_tokens":0}"#,
            #"{"prompt_tokens":20,"completion_tokens":NaN}"#,
            #"{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}"#,
            #"{"prompt_tokens":20,"completion_tokens":1,"total_tokens":21}"#,
        ])
    func unbelievable(usage: String?) async throws {
        try await TestService.with {
            $0.isStreaming ? Self.stream(usage) : Self.whole(usage)
        } _: {
            service async throws in
            for members in ["", #""stream":true"#] {
                let (status, _, entry) = try await service.entry(members)
                #expect(status == 200)
                let booked = try #require(entry)
                #expect(booked.kind == .uncertain)
                #expect((500...1000).contains(booked.result.usage.completionTokens))
                #expect(booked.result.figures.cost.total.nanoUSD >= 1_000_000)
            }
            #expect(try await service.stepService.ledger.read { try $0.openReservations() }.isEmpty)
        }
    }

    @Test("thinking that only the total counts is paid, and reasoning without any count as well")
    func thinking() async throws {
        let usage = #"{"prompt_tokens":20,"completion_tokens":198,"total_tokens":623}"#
        try await TestService.with { request in
            request.bodyText.contains("hidden")
                ? (request.isStreaming ? Self.stream(usage) : Self.whole(usage))
                : Self.whole(nil, reasoning: String(repeating: "x", count: 48_000))
        } _: { service async throws in
            for members in ["", #""stream":true"#] {
                let entry = try #require(try await service.entry(members, content: "hidden").entry)
                #expect(entry.kind == .call)
                #expect(entry.result.usage.completionTokens == 603)
                #expect(entry.result.figures.cost.total.nanoUSD == 20 * 1000 + 603 * 2000)
            }
            let entry = try #require(try await service.entry(content: "shown").entry)
            #expect(entry.kind == .uncertain && entry.result.usage.completionTokens >= 12_000)
        }
    }

    @Test(
        "a hard budget fires though a server counts nothing", arguments: [false, true],
        [
            #"{"prompt_tokens":null,"completion_tokens":null,"total_tokens":0}"#,
            #"{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}"#,
        ])
    func budget(isStreaming: Bool, usage: String) async throws {
        try await TestService.with {
            $0.isStreaming ? Self.stream(usage) : Self.whole(usage)
        } _: {
            service async throws in
            let limit = Money(nanoUSD: 10_000_000)
            _ = try await service.stepService.ledger.write {
                try $0.setBudget(Budget(scope: .global, limit: .usd(limit)), at: .now())
            }
            var answered = 0
            for _ in 0..<60 {
                let status = try await service.entry(isStreaming ? #""stream":true"# : "").status
                if status == 200 { answered += 1 } else { #expect(status == 402) }
            }
            #expect((1...10).contains(answered))
        }
    }

    @Test("a count of zero beside words is unknown in Anthropic's format, too")
    func anthropicZeros() async throws {
        let text = #"{"type":"text","text":"\#(Self.words)"}"#
        try await TestService.with(catalog: TestModels.mixed) { _ in
            .json(
                #"{"id":"msg_1","type":"message","role":"assistant","model":"c","content":[\#(text)],"#
                    + #""stop_reason":"end_turn","usage":{"input_tokens":0,"output_tokens":0}}"#)
        } _: { service async throws in
            let entry = try #require(try await service.entry(of: "test/claude").entry)
            #expect(entry.kind == .uncertain && entry.result.usage.completionTokens >= 400)
            #expect(entry.result.figures.cost.total.nanoUSD > 0)
        }
    }

    @Test("the count at a message's beginning stays where its end says zero")
    func anthropic() async throws {
        let end =
            #"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":0,"output_tokens":15}}"#
        let start =
            #"{"type":"message_start","message":{"id":"msg_1","model":"c","content":[],"usage":{"input_tokens":2500}}}"#
        let delta = #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"four"}}"#
        try await TestService.with(catalog: TestModels.mixed) { _ in
            .body(
                ScriptedReply.lines([start, delta, end, #"{"type":"message_stop"}"#]), type: "text/event-stream",
                chunked: true)
        } _: { service async throws in
            let entry = try #require(try await service.entry(of: "test/claude", #""stream":true"#).entry)
            #expect(entry.kind == .call && entry.result.usage == Usage(input: 2500, output: 15))
        }
    }

    @Test("embeddings are booked by any count of theirs, and estimated without one")
    func embeddings() async throws {
        try await TestService.with(catalog: TestModels.mixed) { request in
            let usage =
                request.bodyText.contains("total")
                ? #"{"prompt_tokens":null,"total_tokens":100}"# : #"{"prompt_tokens":null,"total_tokens":-1}"#
            return .json(#"{"data":[{"index":0,"embedding":[0.5]}],"model":"vectors-test","usage":\#(usage)}"#)
        } _: { service async throws in
            func send(_ input: String) async throws -> String? {
                let body = #"{"model":"test/vectors","input":"\#(input)"}"#
                return try await service.send("POST", "/v1/embeddings", body: body).headers["x-hera-cost-usd"]
            }
            #expect(try await send("total") == "0.0001")
            #expect(try await send("nothing is counted for these words") == "0.000009")
            let totals = try await service.json("GET", "/v1/dashboard").root["totals"]
            #expect(totals?["uncertain"]?.integer == 1)
        }
    }
}
