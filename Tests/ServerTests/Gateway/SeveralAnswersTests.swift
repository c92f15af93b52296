import Dialects
import Domain
import JSON
import Ledger
import ScriptedUpstream
import Steps
import Synchronization
import Testing
import Upstream

@Suite("Several answers to one request (n)")
struct SeveralAnswersTests {
    private static let usage = ScriptedUsage(promptTokens: 100, completionTokens: 10)

    private static func body(_ model: String, _ members: String) -> String {
        #"{"model":"\#(model)","messages":[{"role":"user","content":"Name a colour."}],\#(members)}"#
    }

    private static func choices(_ root: JSONValue) -> [String] {
        root["choices"]?.elements.compactMap { $0["message"]?["content"]?.string } ?? []
    }

    @Test("a server that gives one answer at a time is called for each, and each is booked")
    func oneByOne() async throws {
        let count = CallCounter()
        try await TestService.with { _ in
            .completion("c\(count.next())", usage: Self.usage)
        } _: { service async throws in
            let answer = try await service.json(
                "POST", "/v1/chat/completions", body: Self.body("test/cheap", #""n":3"#))
            #expect(answer.status == 200)
            #expect(Set(Self.choices(answer.root)) == ["c1", "c2", "c3"])
            #expect(answer.root["choices"]?.elements.compactMap { $0["index"]?.integer } == [0, 1, 2])
            #expect(answer.root["usage"]?["prompt_tokens"]?.integer == 300)
            #expect(answer.root["usage"]?["completion_tokens"]?.integer == 30)
            let sent = service.models.record.requests.filter { $0.method == "POST" }
            #expect(sent.count == 3 && sent.allSatisfy { !$0.bodyText.contains("\"n\"") })
            let totals = try await service.json("GET", "/v1/dashboard").root["totals"]
            #expect(totals?["calls"]?.integer == 3)
            #expect(totals?["cost_usd"]?.numberText == "0.00036")
            #expect(try await service.stepService.ledger.read { try $0.openReservations() }.isEmpty)
        }
    }

    @Test("their stream has the pieces of each choice, one count and one end")
    func stream() async throws {
        try await TestService.with { _ in
            .completion("blue", usage: Self.usage)
        } _: { service async throws in
            let answer = try await service.send(
                "POST", "/v1/chat/completions",
                body: Self.body("test/cheap", #""n":2,"stream":true,"stream_options":{"include_usage":true}"#))
            var reader = SSEReader()
            let events = try reader.feed(Array(answer.text.utf8)).compactMap { try? JSONDocument($0.data).root }
            var texts: [Int64: String] = [:]
            for choice in events.flatMap({ $0["choices"].map { Array($0.elements) } ?? [] }) {
                texts[choice["index"]?.integer ?? -1, default: ""] += choice["delta"]?["content"]?.string ?? ""
            }
            #expect(texts == [0: "blue", 1: "blue"])
            #expect(events.last?["usage"]?["completion_tokens"]?.integer == 20)
            #expect(answer.text.hasSuffix("data: [DONE]\n\n"))
        }
    }

    @Test("a server that gives several is asked once, and a budget holds room for all of them")
    func passedOn() async throws {
        try await TestService.with { _ in
            .json(
                #"{"id":"c","model":"m","choices":[{"index":0,"message":{"content":"a"},"finish_reason":"stop"},"#
                    + #"{"index":1,"message":{"content":"b"},"finish_reason":"stop"}],"#
                    + #""usage":{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120}}"#)
        } _: { service async throws in
            let answer = try await service.json(
                "POST", "/v1/chat/completions", body: Self.body("test/dear", #""n":2"#))
            #expect(Self.choices(answer.root) == ["a", "b"])
            let sent = service.models.record.requests.filter { $0.method == "POST" }
            #expect(sent.count == 1 && sent[0].bodyText.contains(#""n":2"#))
            let totals = try await service.json("GET", "/v1/dashboard").root["totals"]
            #expect(totals?["cost_usd"]?.numberText == "0.0014")
            // 20 answers of 1,000 tokens at 20 USD a million are 0.40 USD at most.
            let many = try await service.json(
                "POST", "/v1/chat/completions", body: Self.body("test/dear", #""n":20,"hera":{"budget_usd":0.3}"#))
            #expect([402, 422].contains(many.status))
        }
    }

    @Test("where one call fails, another model is asked for all, and what was paid is booked")
    func fallback() async throws {
        let count = CallCounter()
        try await TestService.with { request in
            guard request.model == "test/cheap" else {
                return .json(
                    #"{"id":"c","model":"m","choices":[{"index":0,"message":{"content":"a"},"finish_reason":"stop"}],"#
                        + #""usage":{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120}}"#)
            }
            return count.next() == 2
                ? .status(500) : .completion("x", usage: Self.usage)
        } _: { service async throws in
            let answer = try await service.send(
                "POST", "/v1/chat/completions", body: Self.body("hera", #""n":3"#))
            #expect(answer.status == 200)
            #expect(answer.headers["x-hera-model"] == "test/dear")
            let entries = try await service.entries()
            #expect(entries.filter { $0.call.model == TestModels.cheap }.count == count.value - 1)
            #expect(try await service.stepService.ledger.read { try $0.openReservations() }.isEmpty)
            #expect(try await service.stepService.ledger.read { try $0.verify() }.isSound)
        }
    }
}

/// A thread-safe counter.
private final class CallCounter: Sendable {
    private let count = Atomic(0)

    var value: Int { count.load(ordering: .relaxed) }

    func next() -> Int { count.add(1, ordering: .relaxed).newValue }
}
