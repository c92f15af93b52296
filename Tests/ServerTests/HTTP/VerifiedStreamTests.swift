import Calls
import Dialects
import Domain
import JSON
import Ledger
import Routing
import ScriptedUpstream
import Steps
import Testing
import Upstream

@Suite("Verified streams")
struct VerifiedStreamTests {
    private let usage = ScriptedUsage(promptTokens: 100, completionTokens: 10)
    private let grader = TestEstimator(acceptance: { _, text in text == "It is 4." ? 0.9 : 0.2 })

    private func body(_ verify: String) -> String {
        #"{"model":"hera","stream":true,"hera":{"verify":\#(verify)},"messages":[{"role":"user","content":"2+2"}]}"#
    }

    private func text(of stream: String) throws -> String {
        var reader = ChatStreamReader(wire: .openAI, host: "test")
        _ = try reader.feed(Array(stream.utf8))
        return reader.answer.text
    }

    @Test("nothing of an answer that fails goes out, and the client is kept waiting with comments")
    func heldBack() async throws {
        let usage = usage
        var settings = Settings()
        settings.limits.keepAliveSeconds = 0.05
        try await TestService.with(settings: settings, estimator: grader) { request in
            request.model == "test/cheap"
                ? .stream(["It ", "is ", "5."], usage: usage).delayed(by: .milliseconds(300))
                : .stream(["It ", "is ", "4."], usage: usage)
        } _: { service async throws in
            let answer = try await service.send("POST", "/v1/chat/completions", body: body("true"))
            #expect(answer.status == 200)
            #expect(answer.text.hasPrefix(": the answer is being checked\n\n"))
            #expect(answer.text.hasSuffix("data: [DONE]\n\n"))
            #expect(try text(of: answer.text) == "It is 4.")
            let totals = try await service.json("GET", "/v1/dashboard").root["totals"]
            #expect(totals?["calls"]?.integer == 2)
            #expect(totals?["cost_usd"]?.numberText == "0.00132")
            #expect(try await service.stepService.ledger.read { try $0.openReservations() }.isEmpty)
        }
    }

    @Test("a verdict that comes in time leaves the headers as they are without verify")
    func inTime() async throws {
        let usage = usage
        try await TestService.with(estimator: grader) { _ in
            .stream(["It ", "is ", "4."], usage: usage)
        } _: { service async throws in
            let answer = try await service.send("POST", "/v1/chat/completions", body: body("true"))
            #expect(answer.headers["x-hera-model"] == "test/cheap")
            #expect(!answer.text.contains("being checked"))
            #expect(try text(of: answer.text) == "It is 4.")
        }
    }

    @Test("speed first: the stream goes out at once, and the verdict is only recorded")
    func first() async throws {
        let usage = usage
        try await TestService.with(estimator: grader) { _ in
            .stream(["It ", "is ", "5."], usage: usage)
        } _: { service async throws in
            let answer = try await service.send("POST", "/v1/chat/completions", body: body(#"{"stream":"first"}"#))
            #expect(try text(of: answer.text) == "It is 5.")
            #expect(service.models.record.requests.count { $0.method == "POST" } == 1)
            let id = try #require(answer.headers["x-hera-decision"])
            let decision = try await service.json("GET", "/v1/decisions/\(id)").root
            let attempt = try #require(decision["attempts"]?.elements.first { _ in true })
            #expect(attempt["score"]?.double == 0.2)
            #expect(attempt["accepted"]?.boolean == true)
        }
    }

    @Test("a stream that breaks off while it is held back is answered by the next candidate")
    func broken() async throws {
        let usage = usage
        let broken = ScriptedReply.stream(["It ", "is"], usage: usage).cut(afterBytes: 500, by: .reset)
        try await TestService.with(estimator: grader) { request in
            request.model == "test/cheap" ? broken : .stream(["It ", "is ", "4."], usage: usage)
        } _: { service async throws in
            let answer = try await service.send("POST", "/v1/chat/completions", body: body("true"))
            #expect(answer.headers["x-hera-model"] == "test/dear")
            #expect(try text(of: answer.text) == "It is 4.")
            let totals = try await service.json("GET", "/v1/dashboard").root["totals"]
            #expect(totals?["failures"]?.integer == 1)
            #expect(try await service.stepService.ledger.read { try $0.openReservations() }.isEmpty)
        }
    }
}
