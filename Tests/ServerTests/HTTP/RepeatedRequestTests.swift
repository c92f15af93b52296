import Engine
import Ledger
import ScriptedUpstream
import Testing
import Upstream

@Suite("Idempotency-Key")
struct RepeatedRequestTests {
    private let usage = ScriptedUsage(promptTokens: 100, completionTokens: 10)
    private let question = #"{"model":"test/cheap","messages":[{"role":"user","content":"2+2"}]}"#
    private let key = [("idempotency-key", "k-1")]

    @Test("a request told twice is answered once, also while the first is under way")
    func once() async throws {
        let usage = usage
        try await TestService.with { request in
            ScriptedReply.completion("answer \(request.number)", usage: usage).delayed(by: .milliseconds(100))
        } _: { service async throws in
            async let first = service.send("POST", "/v1/chat/completions", body: question, headers: key)
            async let second = service.send("POST", "/v1/chat/completions", body: question, headers: key)
            let texts = [try await first.text, try await second.text]
            let third = try await service.send("POST", "/v1/chat/completions", body: question, headers: key)
            #expect(Set(texts + [third.text]).count == 1)
            #expect(service.models.record.requests.count { $0.method == "POST" } == 1)
            #expect(third.headers["x-hera-cost-usd"] == "0.00012")
            let other = try await service.send(
                "POST", "/v1/chat/completions", body: question, headers: [("idempotency-key", "k-2")])
            #expect(other.text != third.text)
        }
    }

    @Test("the same key with another body is refused, and a failure may be tried again")
    func refused() async throws {
        let usage = usage
        try await TestService.with { request in
            request.number <= 2 ? .status(500) : .completion("4", usage: usage)
        } _: { service async throws in
            let failed = try await service.send("POST", "/v1/chat/completions", body: question, headers: key)
            #expect(failed.status == 502)
            let tried = try await service.send("POST", "/v1/chat/completions", body: question, headers: key)
            #expect(tried.status == 200)
            let another = question.replacing("2+2", with: "3+3")
            let mistaken = try await service.send("POST", "/v1/chat/completions", body: another, headers: key)
            #expect(mistaken.status == 422)
            #expect(mistaken.text.contains("another body"))
        }
    }

    @Test("a job told twice is one job")
    func job() async throws {
        let usage = usage
        try await TestService.with { _ in
            .completion("4", usage: usage)
        } _: { service async throws in
            let body = #"{"input":"x"}"#
            let first = try await service.send("POST", "/v1/jobs", body: body, headers: key)
            let second = try await service.send("POST", "/v1/jobs", body: body, headers: key)
            #expect([first.status, second.status] == [201, 201])
            #expect(try await service.engine.ledger.jobs(in: [], limit: 10).count == 1)
        }
    }
}
