import Calls
import Domain
import JSON
import Ledger
import ScriptedUpstream
import Steps
import Testing
import Upstream

@Suite("Streams that break after words have come")
struct BrokenStreamTests {
    private static let head = ScriptedReply.head(
        200, [("content-type", "text/event-stream"), ("transfer-encoding", "chunked")])

    private static func reply(_ events: [String], then last: ScriptedAction) -> ScriptedReply {
        let bytes = ScriptedReply.lines(events)
        let size = Array("\(String(bytes.count, radix: 16))\r\n".utf8)
        return ScriptedReply([.send(head + size + bytes + Array("\r\n".utf8)), last])
    }

    private static func words(_ count: Int, usage: Bool = false) -> [String] {
        (1...count).map { number in
            let usage = usage ? #","usage":{"prompt_tokens":5,"completion_tokens":\#(number)}"# : ""
            return #"{"model":"m","choices":[{"index":0,"delta":{"content":"w "}}]\#(usage)}"#
        }
    }

    private static let claude =
        [
            #"{"type":"message_start","message":{"id":"msg_1","model":"c","content":[],"#
                + #""usage":{"input_tokens":2500,"output_tokens":1}}}"#
        ]
        + Array(
            repeating: #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"w "}}"#,
            count: 300)

    @Test("what a server may have written behind the break is booked up to the bound", arguments: 0..<6)
    func lost(index: Int) async throws {
        let ends: [ScriptedAction] = [.reset, .close]
        let events = [Self.words(300), Self.words(300, usage: true), Self.claude][index % 3]
        let model = index % 3 == 2 ? "test/claude" : "test/cheap"
        try await TestService.with(catalog: TestModels.mixed) { _ in
            Self.reply(events, then: ends[index / 3])
        } _: { service async throws in
            let (_, text, entry) = try await service.entry(of: model, #""stream":true"#)
            #expect(text.contains(#""error""#) && !text.contains("after 1 bytes"))
            let booked = try #require(entry)
            #expect(booked.kind == .uncertain && booked.result.outcome == .failed)
            #expect(booked.result.usage.completionTokens == 1000, "the model's longest answer")
            if model == "test/claude" { #expect(booked.result.usage.input == 2500, "the prompt was counted") }
            #expect(try await service.stepService.ledger.read { try $0.openReservations() }.isEmpty)
            #expect(try await service.stepService.ledger.read { try $0.verify() }.isSound)
        }
    }

    @Test(
        "the caller's limit is the bound, and words beyond it are booked all the same",
        arguments: [(400, 400), (100, 300)])
    func limited(limit: Int, booked: Int) async throws {
        try await TestService.with { _ in
            Self.reply(Self.words(300), then: .reset)
        } _: { service async throws in
            let entry = try #require(try await service.entry(#""stream":true,"max_tokens":\#(limit)"#).entry)
            #expect(entry.kind == .uncertain && entry.result.usage.completionTokens == booked)
        }
    }

    @Test("an error event after words is not free, and books no fewer than the words", arguments: 0..<4)
    func errorEvent(index: Int) async throws {
        let error =
            index % 2 == 0
            ? #"{"error":{"message":"out of memory","code":500}}"#
            : #"{"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"error"}]}"#
        let claude = #"{"type":"error","error":{"type":"overloaded_error","message":"overloaded"}}"#
        let events = index < 2 ? Self.words(300) + [error] : Self.claude + [claude]
        let model = index < 2 ? "test/cheap" : "test/claude"
        try await TestService.with(catalog: TestModels.mixed) { _ in
            Self.reply(events, then: .send(Array("0\r\n\r\n".utf8)))
        } _: { service async throws in
            let entry = try #require(try await service.entry(of: model, #""stream":true"#).entry)
            #expect(entry.kind == .uncertain && entry.result.outcome == .failed)
            #expect(entry.result.usage.completionTokens == 300)
        }
    }

    @Test("an answer that ends in an error is booked, and the next model answers", arguments: [false, true])
    func wholeAnswer(isStreaming: Bool) async throws {
        let broken =
            #"{"model":"m","choices":[{"index":0,"message":{"content":"par"},"finish_reason":"error"}],"#
            + #""usage":{"prompt_tokens":100,"completion_tokens":10}}"#
        let usage = ScriptedUsage(promptTokens: 100, completionTokens: 10)
        try await TestService.with { request in
            if request.model == "test/cheap" { return .json(broken) }
            return request.isStreaming ? .stream(["4"], usage: usage) : .completion("4", usage: usage)
        } _: { service async throws in
            let (status, text, _) = try await service.entry(of: "hera", isStreaming ? #""stream":true"# : "")
            #expect(status == 200 && text.contains("4") && !text.contains("par"))
            let entries = try await service.entries()
            #expect(entries.map(\.kind) == [.uncertain, .call])
            #expect(entries.first?.result.figures.cost.total == Money(nanoUSD: 100 * 1000 + 10 * 2000))
            #expect(try await service.stepService.ledger.read { try $0.openReservations() }.isEmpty)
        }
    }

    @Test("a hard budget fires though every stream breaks", arguments: ["test/cheap", "test/claude"])
    func budget(model: String) async throws {
        try await TestService.with(catalog: TestModels.mixed) { _ in
            Self.reply(model == "test/claude" ? Self.claude : Self.words(300), then: .reset)
        } _: { service async throws in
            let limit = Money(nanoUSD: 100_000_000)
            _ = try await service.stepService.ledger.write {
                try $0.setBudget(Budget(scope: .global, limit: .usd(limit)), at: .now())
            }
            var asked = 0
            for _ in 0..<60 where try await service.entry(of: model, #""stream":true"#).status == 200 { asked += 1 }
            // What such a server bills: its whole answer each time.
            let perCall = model == "test/claude" ? 2500 * 10_000 + 1000 * 20_000 : 5 * 1000 + 1000 * 2000
            #expect(asked >= 1 && asked * perCall <= Int(limit.nanoUSD))
        }
    }
}
