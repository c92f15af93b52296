import Calls
import Domain
import JSON
import Ledger
import ScriptedUpstream
import Steps
import Testing
import Upstream

@Suite("Optional sources and sessions over HTTP")
struct SourcesTests {
    private static let passages =
        #"{"type":"text","text":"The Marlow lighthouse was built in 1871.","hera":{"source":"a","optional":true}},"#
        + #"{"type":"text","text":"\#(String(repeating: "Bread is baked at night. ", count: 200))","hera":{"source":"b","optional":true}}"#

    private static func body(_ model: String = "hera", hera: String = "{}") -> String {
        #"{"model":"\#(model)","max_tokens":50,"hera":\#(hera),"messages":[{"role":"user","content":[{"type":"text","text":"When was the Marlow lighthouse built?"},\#(passages)]}]}"#
    }

    @Test("a passage beside the question is left out, and header and decision say so")
    func leftOut() async throws {
        try await TestService.with(estimator: TestEstimator()) { _ in
            .completion("1871", usage: ScriptedUsage(promptTokens: 60, completionTokens: 5))
        } _: { service async throws in
            let answer = try await service.send(
                "POST", "/v1/chat/completions", body: Self.body(hera: #"{"kappa":"priced"}"#))
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.headers["x-hera-sources"] == "a")
            let sent = try #require(service.models.record.requests.last)
            #expect(sent.bodyText.contains("1871"))
            #expect(!sent.bodyText.contains("Bread"))
            #expect(!sent.bodyText.contains("hera"))
            let decision = try #require(answer.headers["x-hera-decision"])
            let stored = try await service.json("GET", "/v1/decisions/\(decision)").root
            let sources = stored["candidates"]?.elements.first { $0["model"]?.string == stored["model"]?.string }?[
                "sources"]
            #expect(sources?["sent"]?.elements.compactMap(\.string) == ["a"])
            #expect(sources?["left_out"]?.elements.compactMap(\.string) == ["b"])
        }
    }

    @Test("hera.sources overrides, and an unknown name is an error before anything is called")
    func overridden() async throws {
        try await TestService.with { _ in
            .completion("1871", usage: ScriptedUsage(promptTokens: 60, completionTokens: 5))
        } _: { service async throws in
            let all = try await service.send(
                "POST", "/v1/chat/completions", body: Self.body(hera: #"{"sources":"all"}"#))
            #expect(all.headers["x-hera-sources"] == "a,b")
            #expect(service.models.record.requests.last?.bodyText.contains("Bread") == true)
            let calls = service.models.record.requests.count
            let wrong = try await service.send(
                "POST", "/v1/chat/completions", body: Self.body(hera: #"{"sources":["c"]}"#))
            #expect(wrong.status == 400)
            #expect(wrong.text.contains("no optional source is called 'c'"))
            #expect(service.models.record.requests.count == calls)
        }
    }

    @Test("a session never passes its budget, and its end is said before anything is spent")
    func sessionBudget() async throws {
        try await TestService.with { _ in
            .completion("4", usage: ScriptedUsage(promptTokens: 10, completionTokens: 5))
        } _: { service async throws in
            // The highest bill of the cheap model: some 140 bytes of prompt as tokens and 50 tokens of answer.
            let body =
                #"{"model":"test/cheap","max_tokens":50,"hera":{"session_budget_usd":"0.0004"},"messages":[{"role":"user","content":"What is 2+2?"}]}"#
            var statuses: [Int] = []
            for _ in 0..<30 {
                let answer = try await service.send(
                    "POST", "/v1/chat/completions", body: body, headers: [("x-hera-session", "s1")])
                statuses.append(answer.status)
                guard answer.status != 200 else { continue }
                #expect(answer.text.contains("session_budget_usd"))
                #expect(answer.text.contains("the least is $"))
                break
            }
            #expect(statuses.first == 200)
            #expect(statuses.last != 200)
            #expect(service.models.record.requests.count { $0.method == "POST" } == statuses.count - 1)
            let status = try await service.stepService.ledger.read { try $0.budgets(of: [.session("s1")], at: .now()) }
            #expect(status.count == 1)
            #expect(try #require(status.first).spent <= 400_000)
        }
    }

    @Test("a session budget below the cheapest step names the least that would do")
    func tooSmall() async throws {
        try await TestService.with { _ in
            .completion("4")
        } _: { service async throws in
            let body =
                #"{"model":"hera","max_tokens":50,"hera":{"session_budget_usd":"0.0000001"},"messages":[{"role":"user","content":"What is 2+2?"}]}"#
            let answer = try await service.send("POST", "/v1/chat/completions", body: body)
            #expect(answer.status != 200)
            #expect(answer.text.contains("session_budget_usd") && answer.text.contains("the least is $"))
            #expect(service.models.record.requests.allSatisfy { $0.method == "GET" })
            let late =
                #"{"model":"hera","max_tokens":50,"hera":{"session_deadline_s":0.000001},"messages":[{"role":"user","content":"What is 2+2?"}]}"#
            let refused = try await service.send("POST", "/v1/chat/completions", body: late)
            #expect(refused.status != 200)
            #expect(refused.text.contains("deadline"))
        }
    }
}
