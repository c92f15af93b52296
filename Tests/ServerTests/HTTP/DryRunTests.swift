import Domain
import JSON
import Ledger
import ScriptedUpstream
import Steps
import TestSupport
import Testing
import Upstream

@Suite("Dry runs and experiments")
struct DryRunTests {
    private static let usage = ScriptedUsage(promptTokens: 100, completionTokens: 10)
    private static let named = #"{"model":"test/dear","messages":[{"role":"user","content":"What is 2+2?"}]}"#

    private static func settings(share: Double, usd: Int64 = 1) -> Settings {
        Settings(
            shadows: ["": ShadowRule(mode: .dry, share: share, budget: Money(nanoUSD: usd * 1_000_000_000))])
    }

    private static func runs(_ count: Int, _ service: TestService) async throws -> [DryRun] {
        try await waitFor("\(count) dry runs") {
            let steps = try await service.stepService.ledger.read { try $0.steps(ofRun: DryRun.runID(policy: nil)) }
            return steps.count >= count ? steps.compactMap(DryRun.init) : nil
        }
    }

    @Test("a call of a named model is routed on paper, tried on the chosen model, and stays as it was")
    func dryRun() async throws {
        try await TestService.with(settings: Self.settings(share: 1), estimator: TestEstimator()) { request in
            .completion(
                request.model == "test/dear" ? "The answer is 4" : "It is\n\nThe answer is 4", usage: Self.usage)
        } _: { service async throws in
            let answer = try await service.send("POST", "/v1/chat/completions", body: Self.named)
            #expect(answer.headers["x-hera-model"] == "test/dear")
            let run = try #require(try await Self.runs(1, service).first)
            #expect(run.asked == TestModels.dear && run.chosen == TestModels.cheap)
            #expect(run.cost.nanoUSD == 10 * run.chosenCost.nanoUSD, "the dear model costs ten times as much")
            #expect(run.trial == DryRun.Trial(cost: run.chosenCost, agreement: 1))
            let shadow = try await service.stepService.ledger.read { try $0.entries(ofRun: "shadow:default") }
            #expect(shadow.map(\.call.model) == [TestModels.cheap] && shadow.map(\.kind) == [.shadow])
            #expect(shadow.first?.call.attribution.team == "hera:shadow")
            var savings = DrySavings()
            try savings.add(run)
            #expect(savings.savedShare.map { abs($0 - 0.9) < 1e-9 } == true)
            #expect(try await service.stepService.ledger.read { try $0.openReservations() }.isEmpty)
        }
    }

    @Test("routed calls are no dry runs, and without a share or money nothing is paid")
    func unpaid() async throws {
        try await TestService.with(settings: Self.settings(share: 1, usd: 0), estimator: TestEstimator()) { _ in
            .completion("4", usage: Self.usage)
        } _: { service async throws in
            let routed = Self.named.replacing("test/dear", with: "hera")
            _ = try await service.send("POST", "/v1/chat/completions", body: routed)
            _ = try await service.send("POST", "/v1/chat/completions", body: Self.named)
            let runs = try await Self.runs(1, service)
            #expect(runs.count == 1 && runs.first?.trial == nil)
            #expect(service.models.record.requests.count { $0.method == "POST" } == 2)
            #expect(try await service.stepService.ledger.read { try $0.entries(ofRun: "shadow:default") }.isEmpty)
        }
    }

    @Test("an experiment's policy routes its share of the sessions and stands in the books")
    func experiment() async throws {
        var settings = Settings(policies: ["canary": Policy(models: ModelFilter(allow: [TestModels.dear]))])
        settings.experiments = [Experiment(share: 1, policy: "canary")]
        try await TestService.with(settings: settings, estimator: TestEstimator()) { _ in
            .completion("4", usage: Self.usage)
        } _: { service async throws in
            let routed = Self.named.replacing("test/dear", with: "hera")
            let answer = try await service.send("POST", "/v1/chat/completions", body: routed)
            #expect(answer.headers["x-hera-model"] == "test/dear")
            let rows = try await service.json("GET", "/v1/dashboard?group_by=policy").root["rows"]
            #expect(rows?.elements.first { _ in true }?["policy"]?.string == "canary", "\(String(describing: rows))")
        }
    }

    @Test("the session limits of an experiment's policy hold for its sessions")
    func experimentLimits() async throws {
        var canary = Policy()
        canary.session.budget = Money(nanoUSD: 100)
        var settings = Settings(policies: ["canary": canary])
        settings.experiments = [Experiment(share: 1, policy: "canary")]
        try await TestService.with(settings: settings, estimator: TestEstimator()) { _ in
            .completion("4", usage: Self.usage)
        } _: { service async throws in
            let routed = Self.named.replacing("test/dear", with: "hera")
            let answer = try await service.send("POST", "/v1/chat/completions", body: routed)
            #expect(answer.status != 200 && answer.text.contains("session_budget_usd"))
            #expect(service.models.record.requests.allSatisfy { $0.method == "GET" })
        }
    }
}
