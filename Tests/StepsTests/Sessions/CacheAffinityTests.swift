import Domain
import JSON
import Routing
import TestSupport
import Testing

@testable import Dialects
@testable import Steps

@Suite("Cache affinity")
struct SwitchRuleTests {
    private static let day = CalendarDay(daysSinceEpoch: 20_778)

    /// Prices in nano-USD a token; cached tokens cost a tenth.
    private static func priced(_ id: String, tier: QualityTier, input: Int64, output: Int64) -> PricedModel {
        let rates = Rates([
            .input: UnitPrice(nanoUSDPerMillion: input * 1_000_000),
            .cachedRead: UnitPrice(nanoUSDPerMillion: input * 100_000),
            .output: UnitPrice(nanoUSDPerMillion: output * 1_000_000),
        ])
        let model = Model(
            id: ModelID(id), provider: "test",
            endpoint: Endpoint(baseURL: "http://127.0.0.1:9/v1", wire: .openAI, modelName: id, keyVariable: nil),
            placement: .cloud, tier: tier, contextTokens: 200_000, maxOutputTokens: 1000,
            capabilities: [.tools, .streaming], prices: [],
            speed: Speed(
                overheadSeconds: 0.5, prefillTokensPerSecond: 2000, decodeTokensPerSecond: 60, provenance: .estimated))
        return PricedModel(model: model, price: Price(tiers: [.standard: rates], source: "test", asOf: day))
    }

    private static let cheap = priced("cheap", tier: .medium, input: 300, output: 1200)
    private static let dear = priced("dear", tier: .frontier, input: 3000, output: 15_000)

    private func context(_ policy: Policy = Policy(kappa: .published)) -> RoutingContext {
        RoutingContext(
            models: [Self.cheap, Self.dear], economics: .standard, policy: policy, remaining: Remaining(), horizon: 1,
            catalogVersion: "test")
    }

    /// The models called in a conversation, in order.
    private func replay(
        _ conversation: RecordedConversation, _ estimator: any Estimating, keeps: Bool
    ) throws -> [ModelID] {
        let router = StepRouter(estimator: estimator)
        var memory = Sessions.Memory()
        var models: [ModelID] = []
        for request in try conversation.calls() {
            let step = request.step(
                id: "step", runID: "run", previousModel: memory.lastModel, after: memory.state.historyEnd)
            var machine = try router.machine(for: step, decisionID: "d", state: memory.state, context: context())
            guard case .call(let verdict) = machine.action else { continue }
            let rule = CacheAffinity(step: step, memory: memory, context: context())
            if keeps, let last = memory.lastModel,
                let reason = rule.reasonToStay(machine.decision, stage: verdict.stage)
            {
                machine.stay(on: last, reason: reason)
                #expect(machine.decision.model == last)
                #expect(machine.decision.reason == reason)
            }
            let model = machine.decision.model
            machine.answered(model, output: "")
            memory.recordStep(model, position: step.position, state: machine.state)
            models.append(model)
        }
        return models
    }

    private func switches(_ models: [ModelID]) -> Int { zip(models, models.dropFirst()).count { $0 != $1 } }

    @Test(
        "long conversations with a similarity around kappa do not oscillate",
        arguments: RecordedConversation.all)
    func noBouncing(conversation: RecordedConversation) throws {
        let estimator = HoveringEstimator()
        let free = try replay(conversation, estimator, keeps: false)
        let kept = try replay(conversation, estimator, keeps: true)
        #expect(free.count == kept.count)
        #expect((20...45).contains(free.count))
        #expect(switches(free) >= 6, "without the rule they bounce: \(switches(free)) times")
        #expect(switches(kept) <= 3, "\(switches(kept)) switches in \(kept.count) calls")
    }

    @Test("a run switches models for a clear gain", arguments: [true, false])
    func moves(down: Bool) throws {
        let conversation = try #require(RecordedConversation.all.first { $0.requests.count == 2 })
        // From the tenth call on the cheap model is predicted equal, or useless.
        let estimator = TurningEstimator(before: down ? 0.2 : 0.95, after: down ? 0.95 : 0.2, at: 8)
        let models = try replay(conversation, estimator, keeps: true)
        #expect(models.first == (down ? "dear" : "cheap"))
        #expect(models[20] == (down ? "cheap" : "dear"))
        #expect(switches(models) <= 2)
    }

    @Test("a session that rewrites its history has no cached tokens")
    func history() throws {
        let calls = try #require(try RecordedConversation.all.first?.calls())
        let first = calls[3].step(id: "1", runID: "run", previousModel: "dear")
        let goesOn = calls[4].step(id: "2", runID: "run", previousModel: "dear", after: first.history.end)
        #expect(goesOn.cachedTokens > 0)
        let text = String(decoding: calls[4].document.bytes, as: UTF8.self)
        let changed = text.replacing("You are a coding agent", with: "You are a pirate")
        let rewritten = try ChatRequest(JSONDocument(Array(changed.utf8)))
            .step(id: "2", runID: "run", previousModel: "dear", after: first.history.end)
        #expect(rewritten.cachedTokens == 0)
        var state = RunState(committed: "cheap")
        state.position = first.position
        state.historyEnd = first.history.end
        let machine = try StepRouter(estimator: HoveringEstimator()).machine(
            for: rewritten, decisionID: "d", state: state, context: context())
        #expect(machine.state.committed == nil)
        #expect(
            machine.decision.considered.contains { $0.contains("were changed") && $0.contains("commitment to cheap") })
    }

    @Test("cache marks and JSON spelling do not change the history")
    func spelling() throws {
        let plain = #"{"model":"hera","messages":[{"role":"user","content":[{"type":"text","text":"a"}]}]}"#
        let marked =
            #"{"model":"hera","messages":[ {"content":[{"text":"a","cache_control":{"type":"ephemeral"},"type":"text"}], "role":"user"}]}"#
        func trail(_ text: String) throws -> StepHistory { try ChatRequest(JSONDocument(Array(text.utf8))).trail }
        #expect(try trail(plain) == trail(marked))
    }
}

/// A similarity that oscillates around kappa with the text of the step.
private struct HoveringEstimator: Estimating {
    func estimates(of text: StepText, for models: [Model]) -> any StepEstimates {
        var hash = StableHash()
        hash.combine((text.prompt + text.history).utf8)
        return FixedEstimates(similarity: 0.6 + 0.12 * Double(hash.value >> 40 & 0xffff) / 65_535)
    }
}

/// A similarity that changes once within a request.
private struct TurningEstimator: Estimating {
    var before: Double
    var after: Double
    /// Number of tool results from which on it is `after`.
    var at: Int

    func estimates(of text: StepText, for models: [Model]) -> any StepEstimates {
        // Histories are cut at 4000 bytes, which eight results always exceed.
        FixedEstimates(similarity: text.history.utf8.count >= 4000 ? after : before)
    }
}

private struct FixedEstimates: StepEstimates {
    var similarity: Double

    func prediction(for model: Model) -> Prediction {
        Prediction(
            quality: model.id == "dear" ? 0.8 : 0.7, deviation: 0.1,
            outputTokens: OutputTokens(mean: 150, p95: 400), basis: .prior(model.tier))
    }

    func stepSimilarity(of model: Model, to reference: Model) -> Double { similarity }

    func requestSimilarity(of model: Model, to reference: Model) -> Double { 0 }
}
