import Domain
import Estimation
import Testing

@testable import Routing

@Suite("Levels of effort as ways of asking")
struct EffortWaysTests {
    /// A model whose own effort is medium. Its answers are half as long at low and twice as long at high.
    private static func model(_ id: String, wire: WireFormat = .openAI, thinking: Bool = false) -> PricedModel {
        func level(_ effort: MeasuredEffort, _ length: Double) -> EffortLevel {
            EffortLevel(
                effort: effort,
                parameters: EffortParameters(
                    reasoningEffort: effort.rawValue, thinking: thinking && effort != .medium ? .adaptive : nil),
                length: length, source: "test")
        }
        let fixture = Fixture.model(id)
        let model = Model(
            id: fixture.id, provider: "test",
            endpoint: Endpoint(baseURL: "http://127.0.0.1:9/v1", wire: wire, modelName: id, keyVariable: nil),
            placement: .cloud, tier: .large, contextTokens: 100_000, maxOutputTokens: 4000,
            capabilities: [.tools, .streaming], prices: [], speed: fixture.speed,
            efforts: [level(.low, 2), level(.medium, 4), level(.high, 8), level(.max, 20)],
            published: PublishedRecord(scores: [], effort: .medium))
        return Fixture.priced(model, input: 100, output: 4000)
    }

    private static let m = ModelID("m")

    private static func decision(
        _ models: [PricedModel], quality: [String: Double], step: Step = Fixture.step(), policy: Policy = Policy(),
        remaining: Remaining? = nil, horizon: Int = 1
    ) throws -> Decision {
        var state = RunState()
        return try StepRouter(estimator: FixedEstimator(quality: quality)).route(
            step, decisionID: "d", state: &state,
            context: Fixture.context(models, policy: policy, remaining: remaining, horizon: horizon))
    }

    @Test("a request that is surely answered well goes out at less effort, and the decision says why")
    func easy() throws {
        let decision = try Self.decision([Self.model("m")], quality: ["m": 0.999])
        let chosen = try #require(decision.candidate(Self.m)?.effort)
        #expect(chosen.level.effort == .low)
        #expect(chosen.own == .medium)
        #expect(chosen.ownQuality == 0.999)
        #expect(decision.considered.contains { $0.hasPrefix("effort: m at low: quality 1.00 for $") })
    }

    @Test("tokens, cost and time of a level follow its length, and quality its place on the curve")
    func amounts() throws {
        let all = try #require(
            AskingWays(
                of: Fixture.step(), by: FixedEstimator(quality: ["m": 0.5]),
                in: Fixture.context([Self.model("m")], policy: Policy())
            ) { FixedEstimator(quality: ["m": 0.5]).prediction(for: $0) })
        let ways = try #require(all.ways[Self.m])
        let low = try #require(ways.first { $0.effort?.level.effort == .low })
        let own = try #require(ways.first { $0.effort == nil })
        let high = try #require(ways.first { $0.effort?.level.effort == .high })
        #expect(low.prediction.outputTokens.mean == 50)
        #expect(high.prediction.outputTokens.mean == 200)
        #expect(low.cost.total.nanoUSD == 100 * 100 + 50 * 4000)
        #expect(low.latencySeconds < own.latencySeconds && own.latencySeconds < high.latencySeconds)
        #expect(low.prediction.quality < 0.5 && high.prediction.quality > 0.5)
        #expect(low.worstCaseCost == own.worstCaseCost)
        // `max` is beyond the policy's `at_most`.
        #expect(!ways.contains { $0.effort?.level.effort == .max })
        #expect(all.whole[0].effort == nil)
    }

    @Test("no level is chosen against a caller's, under a line of kappa, at max_loss 0, or where the policy says so")
    func kept() throws {
        let models = [Self.model("m")]
        var set = Fixture.step()
        set.effort = AskedEffort(.high)
        let asked = try Self.decision(models, quality: ["m": 0.999], step: set)
        #expect(asked.candidate(Self.m)?.effort == nil)
        // The prediction is of what the caller asked for.
        #expect(asked.candidate(Self.m)?.prediction.outputTokens.mean == 200)
        var off = Policy()
        off.effort = .off
        for policy in [off, Policy(maxLoss: 0), Policy(kappa: .published)] {
            let decision = try Self.decision(models, quality: ["m": 0.999], policy: policy)
            #expect(decision.candidate(Self.m)?.effort == nil)
        }
    }

    @Test("a level that would be cut off by the caller's limit of tokens is not chosen")
    func limited() {
        var step = Fixture.step()
        step.maxOutputTokens = 3000
        let budget = EffortLevel(
            effort: .low, parameters: EffortParameters(thinkingTokens: 2000), length: 3, source: "test")
        let fixture = Fixture.model("m")
        let model = Model(
            id: Self.m, provider: "test",
            endpoint: Endpoint(baseURL: "http://h/v1", wire: .anthropic, modelName: "m", keyVariable: nil),
            placement: .cloud, tier: .large, contextTokens: 100_000, maxOutputTokens: 8000,
            capabilities: [.streaming], prices: [], speed: fixture.speed, efforts: [budget])
        #expect(EffortLevels.offered(of: model, step: step, policy: Policy()).isEmpty)
        step.maxOutputTokens = nil
        #expect(EffortLevels.offered(of: model, step: step, policy: Policy()).count == 1)
        step.forcesTool = true
        #expect(EffortLevels.offered(of: model, step: step, policy: Policy()).isEmpty)
    }

    @Test("thinking begins with a request, and stays through its steps")
    func middle() {
        let model = Self.model("m", wire: .anthropic, thinking: true).model
        var later = Fixture.step(position: 2, previous: "m")
        #expect(!EffortLevels.offered(of: model, step: later, policy: Policy()).contains { $0.parameters.thinks })
        later.previousWay = AskedWay(effort: .low)
        #expect(EffortLevels.offered(of: model, step: later, policy: Policy()).map(\.effort) == [.low])
        // What thought otherwise reads its prompt again.
        #expect(later.asking(model, at: nil).cachedTokens == 0)
        #expect(later.asking(model, at: model.level(.low)).cachedTokens == 80)
    }

    @Test("a budget for several steps takes the cheaper way of the same model, by a column of the plan")
    func columns() throws {
        let models = [Self.model("m")]
        let free = try Self.decision(models, quality: ["m": 0.6], horizon: 3)
        #expect(free.candidate(Self.m)?.effort == nil || free.candidate(Self.m)?.effort?.level.effort == .high)
        let own = try #require(free.candidate(Self.m))
        let tight = Remaining(budget: Money(nanoUSD: own.worstCaseCost.nanoUSD + 1))
        var policy = Policy()
        policy.budget = tight.budget
        // Three steps at the model's own effort cost about 3 x 410,000, at low about 3 x 210,000 nano-USD.
        let budget = Remaining(budget: Money(nanoUSD: 800_000))
        var step = Fixture.step()
        step.maxOutputTokens = 150
        step.promptTokensAtMost = 120
        let planned = try Self.decision(
            models, quality: ["m": 0.6], step: step, policy: policy, remaining: budget, horizon: 3)
        #expect(planned.candidate(Self.m)?.effort?.level.effort == .low)
    }

    @Test("the program has a column for each way that limits may make the better one, and no more than 64")
    func mostColumns() throws {
        let models = (0..<16).map { Self.model("m\($0)") }
        var step = Fixture.step()
        let sources = (0..<3).map { StepSource(id: "s\($0)", textBytes: 4000, images: 0, needs: []) }
        step.promptTokens += 3000
        step.promptTokensAtMost += 12_000
        step.sources = StepSources(
            sources: sources,
            subsets: (0..<8).map { mask in
                SourceSubset(
                    mask: UInt64(mask), qualityShare: 0.4 + 0.2 * Double(mask.nonzeroBitCount),
                    textBytes: 4000 * mask.nonzeroBitCount, images: 0, needs: [])
            }, needsWithout: [])
        let context = Fixture.context(
            models, policy: Policy(), remaining: Remaining(budget: Money(nanoUSD: 1_000_000_000)))
        let forecast = try StepForecast(of: step, by: FixedEstimator(quality: [:]), in: context)
        let columns = forecast.columns(of: forecast.affordable, in: context)
        #expect(columns.count > models.count)
        #expect(columns.count <= AskingWays.mostOfStep)
        #expect(Set(columns.map(\.wayName)).count == columns.count)
        #expect(forecast.columns(of: forecast.affordable, in: Fixture.context(models, policy: Policy())).count == 16)
    }

    @Test("a doubtful answer is asked of the same model with more effort, where another model is dearer")
    func again() throws {
        let models = [Self.model("m")]
        var policy = Policy()
        policy.verification.mode = .on
        var machine = try StepRouter(estimator: FixedEstimator(quality: ["m": 0.9])).machine(
            for: Fixture.step(), decisionID: "d", state: RunState(), context: Fixture.context(models, policy: policy))
        guard case .call(let first) = machine.action else {
            Issue.record("no call: \(machine.action)")
            return
        }
        let way = machine.decision.candidate(first.model)?.way
        var doubt = AnswerEvidence()
        doubt.add("check", "failed", logOdds: -4)
        machine.answered(
            Self.m, output: "perhaps 4",
            evidence: doubt)
        guard case .call(let second) = machine.action else {
            Issue.record("not asked again: \(machine.action)")
            return
        }
        #expect(second.model == Self.m)
        #expect(machine.decision.candidate(Self.m)?.way != way)
        #expect(machine.decision.candidate(Self.m)?.effort?.level.effort == .high)
        // Once, and no more.
        machine.answered(
            Self.m, output: "perhaps 5",
            evidence: doubt)
        guard case .keep = machine.action else {
            Issue.record("asked a third time: \(machine.action)")
            return
        }
    }
}
