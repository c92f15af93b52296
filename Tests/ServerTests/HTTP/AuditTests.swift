import Domain
import JSON
import Ledger
import Routing
import ScriptedUpstream
import Steps
import Synchronization
import TestSupport
import Testing
import Upstream

@Suite("Shadow audits")
struct AuditTests {
    private let usage = ScriptedUsage(promptTokens: 100, completionTokens: 10)
    private let question = #"{"model":"hera","messages":[{"role":"user","content":"What is 2+2?"}]}"#

    private func settings(_ share: Double = 1, usd: Int64 = 1) -> Settings {
        var settings = Settings(
            shadows: ["": ShadowRule(share: share, budget: Money(nanoUSD: usd * 1_000_000_000))])
        settings.defaultPolicy.minAccuracy = 0.5
        return settings
    }

    /// Waits for a number of observations and returns them.
    private func observations(_ count: Int, _ service: TestService) async throws -> [QualityObservation] {
        try await waitFor("\(count) observations") {
            let found = try await service.stepService.ledger.read { try $0.latestObservations(limit: 100) }
            return found.count >= count ? found : nil
        }
    }

    @Test("a step of a cheaper model is sent to the reference after its answer, compared, and booked on the operator")
    func audit() async throws {
        let usage = usage
        try await TestService.with(settings: settings(), estimator: TestEstimator()) { request in
            request.model == "test/dear"
                ? ScriptedReply.completion("The answer is 5", usage: usage).delayed(by: .milliseconds(200))
                : .completion("The answer is 4", usage: usage)
        } _: { service async throws in
            let answer = try await service.send("POST", "/v1/chat/completions", body: question)
            #expect(answer.headers["x-hera-model"] == "test/cheap")
            let audited = try #require(try await observations(1, service).first)
            #expect(audited.source == .audit)
            #expect(audited.model == TestModels.cheap)
            #expect(audited.reference == TestModels.dear)
            #expect(audited.score == 0, "4 is not 5")
            #expect(audited.predictedSimilarity == 0.9)
            #expect(audited.predictedQuality == 0.6)
            let shadow = try await service.stepService.ledger.read { try $0.entries(ofRun: "shadow:default") }
            #expect(shadow.map(\.kind) == [.shadow])
            #expect(shadow.map(\.call.model) == [TestModels.dear])
            #expect(shadow.first?.call.attribution.team == "hera:shadow")
            #expect(shadow.first?.call.attribution.key == nil)
            #expect(shadow.first?.call.baseline?.figures.cost.total == .zero)
            let caller = try await service.stepService.ledger.read { try $0.entries(ofRun: audited.runID) }
            #expect(caller.count == 1, "the caller's run is charged for its own call only")
            let quality = try await service.json("GET", "/v1/dashboard").root["quality"]
            let row = try #require(quality?["rows"]?.elements.first { _ in true })
            #expect(row["model"]?.string == "test/cheap")
            #expect(row["observations"]?.integer == 1)
            #expect(row["quality"]?.double == 0)
            #expect((row["high_95"]?.double ?? 0) > 0.5)
            let policy = try #require(quality?["policies"]?.elements.first { _ in true })
            #expect((policy["kappa_offset"]?.double ?? 0) > 0, "one bad answer moves kappa up")
            #expect(try await service.stepService.ledger.read { try $0.openReservations() }.isEmpty)
        }
    }

    @Test("the offset of the controller reaches the next decision's kappa")
    func offset() async throws {
        let usage = usage
        var settings = settings()
        settings.defaultPolicy.minAccuracy = 0.59
        try await TestService.with(settings: settings, estimator: TestEstimator()) { request in
            .completion(request.model == "test/dear" ? "yes" : "no", usage: usage)
        } _: { service async throws in
            let first = try await service.json("POST", "/v1/route", body: question).root["kappa"]?.double
            for _ in 0..<3 {
                _ = try await service.send("POST", "/v1/chat/completions", body: question)
            }
            _ = try await observations(3, service)
            let later = try await service.json("POST", "/v1/route", body: question).root["kappa"]?.double
            #expect(try #require(later) > (try #require(first)))
        }
    }

    @Test("audits stop at their budget of the month, and steps go on")
    func budget() async throws {
        let usage = usage
        try await TestService.with(settings: settings(usd: 0), estimator: TestEstimator()) { _ in
            .completion("4", usage: usage)
        } _: { service async throws in
            #expect(try await service.send("POST", "/v1/chat/completions", body: question).status == 200)
            try await waitUntil { service.stepService.learning.failedAudits != 0 }
            #expect(service.stepService.learning.failedAudits == 1)
            #expect(try await service.stepService.ledger.read { try $0.entries(ofRun: "shadow:default") }.isEmpty)
            #expect(!service.models.record.requests.contains { $0.model == "test/dear" })
        }
    }

    @Test("a reference that is down fails the audit and nothing else, and nothing stays reserved")
    func down() async throws {
        let usage = usage
        try await TestService.with(settings: settings(), estimator: TestEstimator()) { request in
            request.model == "test/dear" ? .status(503) : .completion("4", usage: usage)
        } _: { service async throws in
            #expect(try await service.send("POST", "/v1/chat/completions", body: question).status == 200)
            try await waitUntil { service.stepService.learning.failedAudits != 0 }
            #expect(service.stepService.learning.failedAudits == 1)
            #expect(try await service.stepService.ledger.read { try $0.latestObservations(limit: 1) }.isEmpty)
            #expect(try await service.stepService.ledger.read { try $0.openReservations() }.isEmpty)
            #expect(try await service.json("GET", "/v1/dashboard").root["quality"]?["failed_audits"]?.integer == 1)
        }
    }

    @Test("a policy of the operator names its share; a caller's may not")
    func operatorOnly() async throws {
        let config = #"{"default_policy":{"shadow":{"share":0.1,"budget_usd":5}},"policies":{"fast":{"verify":false}}}"#
        let settings = try Settings(json: JSONDocument(Array(config.utf8)).root)
        #expect(settings.shadow(ofPolicy: nil)?.share == 0.1)
        #expect(settings.shadow(ofPolicy: "fast")?.budget.nanoUSD == 5_000_000_000)
        try await TestService.with { _ in
            .completion("4")
        } _: { service async throws in
            let body =
                #"{"model":"hera","hera":{"shadow":{"share":1,"budget_usd":5}},"messages":[{"role":"user","content":"x"}]}"#
            let answer = try await service.json("POST", "/v1/chat/completions", body: body)
            #expect(answer.status == 400)
            #expect(answer.root["error"]?["param"]?.string == "hera.shadow")
        }
    }
}
