import Calls
import Dialects
import Domain
import JSON
import Ledger
import Routing
import ScriptedUpstream
import Steps
import Synchronization
import Testing
import Upstream

@Suite("Faults of streams over HTTP")
struct StreamFaultTests {
    private static let user = #""messages":[{"role":"user","content":"What is 2+2?"}]"#
    private static let usage = ScriptedUsage(promptTokens: 100, completionTokens: 10)
    private static let head = ScriptedReply.head(
        200, [("content-type", "text/event-stream"), ("connection", "close")])

    private static func events(_ events: String, then last: ScriptedAction) -> ScriptedReply {
        ScriptedReply([.send(head + Array(events.utf8)), last])
    }

    /// Requests a stream, which routes to the cheap model first; returns its text and model.
    private static func ask(
        _ service: TestService, model: String = "hera"
    ) async throws -> (model: String?, text: String, reader: ChatStreamReader) {
        let answer = try await service.send(
            "POST", "/v1/chat/completions", body: #"{"model":"\#(model)","stream":true,\#(user)}"#)
        var reader = ChatStreamReader(wire: .openAI, host: "test")
        _ = try reader.feed(Array(answer.text.utf8))
        return (answer.headers["x-hera-model"], answer.text, reader)
    }

    /// Replies without content, and the number of calls that may have been billed.
    private static let emptyReplies: [(ScriptedReply, Int64)] = [
        (events(#"data: {"error":{"message":"overloaded","code":503}}"# + "\n\n", then: .close), 0),
        (.json(#"{"error":{"message":"overloaded","type":"server_error"}}"#), 0),
        (events("", then: .close), 1), (events(": processing\n\n", then: .reset), 1),
    ]

    @Test("a stream that fails before its first event falls back to the next model", arguments: 0..<4)
    func nothingCame(index: Int) async throws {
        let (reply, uncertain) = Self.emptyReplies[index]
        try await TestService.with { request in
            request.model == "test/cheap" ? reply : .stream(["4"], usage: Self.usage)
        } _: { service async throws in
            let answer = try await Self.ask(service)
            #expect(answer.model == "test/dear")
            #expect(answer.reader.answer.text == "4")
            #expect(answer.text.hasSuffix("data: [DONE]\n\n"))
            let totals = try await service.json("GET", "/v1/dashboard").root["totals"]
            #expect(totals?["uncertain"]?.integer == uncertain)
            #expect(totals?["calls"]?.integer == 1 + uncertain)
            #expect(try await service.stepService.ledger.read { try $0.openReservations() }.isEmpty)
        }
    }

    @Test("a server that gives a whole answer instead of a stream is understood, and booked by its count")
    func wholeAnswer() async throws {
        try await TestService.with { _ in
            .completion("4", usage: Self.usage)
        } _: { service async throws in
            let answer = try await Self.ask(service, model: "test/cheap")
            #expect(answer.reader.answer.text == "4")
            #expect(answer.text.hasSuffix("data: [DONE]\n\n"))
            let totals = try await service.json("GET", "/v1/dashboard").root["totals"]
            #expect(totals?["cost_usd"]?.numberText == "0.00012")
            #expect(totals?["uncertain"]?.integer == 0)
        }
    }

    @Test(
        "a complete answer stays complete if its connection breaks",
        arguments: ["", "data: [DONE]\n\n"], [ScriptedReply.Cut.hang, .reset, .close])
    func wholeBeforeTheEnd(done: String, cut: ScriptedReply.Cut) async throws {
        let events =
            #"data: {"model":"m","choices":[{"index":0,"delta":{"content":"4"},"finish_reason":"stop"}]}"# + "\n\n"
            + #"data: {"choices":[],"usage":{"prompt_tokens":100,"completion_tokens":10}}"# + "\n\n" + done
        try await TestService.with { _ in
            Self.events(events, then: cut == .hang ? .hang : cut == .reset ? .reset : .close)
        } _: { service async throws in
            let answer = try await Self.ask(service, model: "test/cheap")
            #expect(answer.reader.answer.text == "4")
            #expect(answer.text.hasSuffix("data: [DONE]\n\n"))
            let totals = try await service.json("GET", "/v1/dashboard").root["totals"]
            #expect(totals?["cost_usd"]?.numberText == "0.00012")
            #expect(totals?["failures"]?.integer == 0)
        }
    }

    @Test("a model whose streams break counts as failing, and the client gets one error")
    func breaksOff() async throws {
        let events =
            #"data: {"model":"m","choices":[{"index":0,"delta":{"content":"4"}}]}"# + "\n\n"
            + #"data: {"error":{"message":"out of memory"}}"# + "\n\n"
        try await TestService.with { _ in
            Self.events(events, then: .close)
        } _: { service async throws in
            let answer = try await Self.ask(service, model: "test/cheap")
            #expect(answer.text.split(separator: "\n").count { $0.contains(#"{"error""#) } == 1)
            #expect(answer.text.contains("out of memory"))
            #expect(service.stepService.registry.rate(of: TestModels.cheap, at: .now()).errorRate > 0)
        }
    }

    @Test("a connection that breaks before the first event is retried, and both attempts are booked")
    func secondTry() async throws {
        let tries = Tries()
        try await TestService.with { _ in
            tries.next() == 1 ? .nothing(.close) : .completion("4", usage: Self.usage)
        } _: { service async throws in
            let answer = try await service.send(
                "POST", "/v1/chat/completions", body: #"{"model":"test/cheap",\#(Self.user)}"#)
            #expect(answer.status == 200)
            let totals = try await service.json("GET", "/v1/dashboard").root["totals"]
            #expect(totals?["calls"]?.integer == 2)
            #expect(totals?["uncertain"]?.integer == 1)
            #expect(try await service.stepService.ledger.read { try $0.openReservations() }.isEmpty)
            #expect(try await service.stepService.ledger.read { try $0.verify() }.isSound)
        }
    }

    @Test("a usage of zero beside words is estimated, not billed as zero")
    func zeroUsage() async throws {
        try await TestService.with { _ in
            .completion("four", usage: ScriptedUsage(promptTokens: 0, completionTokens: 0))
        } _: { service async throws in
            _ = try await service.send(
                "POST", "/v1/chat/completions", body: #"{"model":"test/cheap",\#(Self.user)}"#)
            let totals = try await service.json("GET", "/v1/dashboard").root["totals"]
            #expect(totals?["uncertain"]?.integer == 1)
            #expect((totals?["cost_usd"]?.double ?? 0) > 0)
        }
    }

    @Test(
        "a caller cannot select a service tier that costs more than the reservation", arguments: ["priority", "flex"])
    func serviceTier(tier: String) async throws {
        try await TestService.with { _ in
            .completion("4", usage: Self.usage)
        } _: { service async throws in
            _ = try await service.send(
                "POST", "/v1/chat/completions", body: #"{"model":"test/cheap","service_tier":"\#(tier)",\#(Self.user)}"#
            )
            let sent = try #require(service.models.record.requests.last)
            #expect(sent.bodyText.contains("service_tier") == (tier == "flex"))
        }
    }
}

/// A thread-safe counter.
private final class Tries: Sendable {
    private let count = Atomic(0)

    func next() -> Int { count.add(1, ordering: .relaxed).newValue }
}
