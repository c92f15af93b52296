import Domain
import JSON
import ScriptedUpstream
import Testing
import Upstream

@Suite("Effort over HTTP")
struct EffortTests {
    private static func body(_ model: String = "hera", _ members: String = "") -> String {
        #"{"model":"\#(model)","hera":{"kappa":"priced","verify":false},\#(members)"messages":[{"role":"user","content":"What is 2+2?"}]}"#
    }

    @Test("hera asks for the effort that is worth its price, and header, decision and request say so")
    func chosen() async throws {
        try await TestService.with(
            estimator: TestEstimator(dearQuality: 0.999), catalog: TestModels.thinking
        ) { _ in
            .completion("4", usage: ScriptedUsage(promptTokens: 20, completionTokens: 5))
        } _: { service async throws in
            let answer = try await service.send("POST", "/v1/chat/completions", body: Self.body())
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.headers["x-hera-effort"] == "low")
            let sent = try #require(service.models.record.requests.last)
            #expect(sent.bodyText.contains(#""reasoning_effort":"low""#))
            let decision = try #require(answer.headers["x-hera-decision"])
            let stored = try await service.json("GET", "/v1/decisions/\(decision)").root
            let effort = stored["candidates"]?.elements.first { _ in true }?["effort"]
            #expect(effort?["level"]?.string == "low")
            #expect(effort?["own"]?.string == "medium")
        }
    }

    @Test("a caller's effort, and a model named by the caller, are left as they are")
    func kept() async throws {
        try await TestService.with(
            estimator: TestEstimator(dearQuality: 0.999), catalog: TestModels.thinking
        ) { _ in
            .completion("4", usage: ScriptedUsage(promptTokens: 20, completionTokens: 5))
        } _: { service async throws in
            let own = try await service.send(
                "POST", "/v1/chat/completions", body: Self.body("hera", #""reasoning_effort":"high","#))
            #expect(own.headers["x-hera-effort"] == nil)
            #expect(service.models.record.requests.last?.bodyText.contains(#""reasoning_effort":"high""#) == true)
            let named = try await service.send("POST", "/v1/chat/completions", body: Self.body("test/dear"))
            #expect(named.status == 200, "\(named.text)")
            #expect(named.headers["x-hera-effort"] == nil)
            #expect(service.models.record.requests.last?.bodyText.contains("reasoning_effort") == false)
        }
    }
}
