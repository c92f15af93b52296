import Domain
import JSON
import Ledger
import ScriptedUpstream
import Steps
import Testing
import Upstream

@Suite("Models, routes and dashboards over HTTP")
struct OperationsTests {
    private let question = #"{"model":"hera","messages":[{"role":"user","content":"What is 2+2?"}]}"#

    @Test("models lists routes and live models in OpenAI's form")
    func models() async throws {
        var settings = Settings()
        settings.policies["cheap"] = Policy(kappa: .published, models: ModelFilter(allow: [TestModels.cheap]))
        try await TestService.with(settings: settings) { _ in
            .completion("x")
        } _: { service async throws in
            let list = try await service.json("GET", "/v1/models").root
            let ids = Array(try #require(list["data"]?.elements)).compactMap { $0["id"]?.string }
            #expect(ids == ["hera", "hera/cheap", "test/cheap", "test/dear"])
            let answer = try await service.send(
                "POST", "/v1/chat/completions",
                body: #"{"model":"hera/cheap","messages":[{"role":"user","content":"x"}]}"#)
            #expect(answer.headers["x-hera-model"] == "test/cheap")
        }
    }

    @Test("a dry run has the contract's members and calls no model")
    func route() async throws {
        try await TestService.with { _ in
            .completion("x")
        } _: { service async throws in
            let decision = try await service.json("POST", "/v1/route", body: question).root
            for name in ["model", "position", "kappa", "stage", "reason", "candidates"] {
                #expect(decision[name] != nil, "\(name) is missing")
            }
            for candidate in try #require(decision["candidates"]?.elements) {
                for name in ["model", "p", "cost_usd", "latency_s", "energy_j"] { #expect(candidate[name] != nil) }
            }
            let body = question.dropLast() + #","pareto":true}"#
            let front = try await service.json("POST", "/v1/route", body: String(body)).root["pareto"]
            #expect(front?.elements.compactMap(\.string) == ["test/cheap", "test/dear"])
            #expect(service.models.record.requests.allSatisfy { $0.method == "GET" })
        }
    }

    @Test("the dashboard groups by the query, and rejects unknown dimensions")
    func dashboard() async throws {
        let usage = ScriptedUsage(promptTokens: 10, completionTokens: 1)
        try await TestService.with { _ in
            .completion("x", usage: usage)
        } _: { service async throws in
            _ = try await service.send("POST", "/v1/chat/completions", body: question)
            let report = try await service.json("GET", "/v1/dashboard?group_by=model,day").root
            let row = try #require(report["rows"]?.elements.first { _ in true })
            #expect(row["model"]?.string?.hasPrefix("test/") == true)
            #expect(row["day"]?.string == Timestamp.now().day.description)
            let wrong = try await service.json("GET", "/v1/dashboard?group_by=modle")
            #expect(wrong.status == 400)
            #expect(wrong.root["error"]?["message"]?.string?.contains("did you mean") == true)
        }
    }

    @Test("the service is ready when a model is live")
    func ready() async throws {
        try await TestService.with { _ in
            .completion("x")
        } _: { service async throws in
            let answer = try await service.json("GET", "/readyz")
            #expect(answer.status == 200)
            #expect(answer.root["live_models"]?.integer == 2)
        }
    }
}
