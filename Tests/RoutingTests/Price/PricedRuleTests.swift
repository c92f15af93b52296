import Domain
import Testing

@testable import Routing

@Suite("The price of lost quality")
struct PricedRuleTests {
    private func decide(
        _ estimator: some Estimating, maxLoss: Double = 0.01, policy: Policy = Policy(),
        remaining: Remaining? = nil
    ) throws -> Decision {
        var policy = policy
        policy.maxLoss = maxLoss
        var state = RunState()
        return try StepRouter(estimator: estimator).route(
            Fixture.step(), decisionID: "d", state: &state,
            context: Fixture.context(policy: policy, remaining: remaining))
    }

    @Test("a cheap model answers where its saving pays for its expected loss")
    func cheapWhereEqual() throws {
        let decision = try decide(FixedEstimator(quality: ["edge": 0.9, "cheap": 0.955, "dear": 0.96]))
        #expect(decision.model == ModelID("cheap"))
        #expect(decision.stage == .sse)
        #expect(decision.reference == ModelID("dear"))
        #expect(decision.reason.contains("max_loss 0.01"))
    }

    @Test("the reference answers where a cheaper model loses more than it saves")
    func referenceWhereAbler() throws {
        let decision = try decide(FixedEstimator(quality: ["edge": 0.3, "cheap": 0.6, "dear": 0.8]))
        #expect(decision.model == ModelID("dear"))
        #expect(decision.stage == .plan)
    }

    @Test("max_loss 0 never goes below the reference, and 1 takes the cheapest model")
    func endsOfTheDial() throws {
        let estimator = FixedEstimator(quality: ["edge": 0.1, "cheap": 0.959, "dear": 0.96])
        #expect(try decide(estimator, maxLoss: 0).model == ModelID("dear"))
        #expect(try decide(estimator, maxLoss: 1).model == ModelID("edge"))
    }

    @Test("a higher dial never costs more and never promises more", arguments: 0..<40)
    func monotone(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let estimator = FixedEstimator(
            quality: ["edge": random.unit(), "cheap": random.unit(), "dear": random.unit()])
        var earlier: Candidate?
        for maxLoss in [0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1] {
            let decision = try decide(estimator, maxLoss: maxLoss)
            let chosen = try #require(decision.candidate(decision.model))
            if let earlier {
                #expect(chosen.cost.total <= earlier.cost.total || chosen.latencySeconds < earlier.latencySeconds)
                #expect(chosen.prediction.quality <= earlier.prediction.quality + StepForecast.equalQuality)
            }
            earlier = chosen
        }
    }

    @Test("a candidate passes its kappa exactly where its value is above the reference's", arguments: 0..<50)
    func thresholdIsValue(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let estimator = FixedEstimator(
            quality: ["edge": 0.9 * random.unit(), "cheap": 0.9 * random.unit(), "dear": 0.95])
        let context = Fixture.context(policy: Policy(maxLoss: 0.2 * random.unit()))
        let forecast = try StepForecast(of: Fixture.step(), by: estimator, in: context)
        let priced = try #require(forecast.priced)
        for candidate in forecast.candidates where candidate.model != forecast.reference.model {
            let passes = priced.similarity(candidate) > priced.threshold(candidate.model)
            #expect(passes == (priced.value(candidate) > priced.value(forecast.reference)))
        }
    }

    @Test("a batch row has the same price and kappas as a live call, and keeps what it does not buy in reserve")
    func batchRow() throws {
        let estimator = FixedEstimator(quality: ["edge": 0.3, "cheap": 0.9, "dear": 0.95])
        let context = Fixture.context(policy: Policy(maxLoss: 0.1))
        let forecast = try StepForecast(of: Fixture.step(), by: estimator, in: context)
        let live = try #require(forecast.priced)
        let models = context.models.map(\.model)
        let row = try #require(
            PricedStep(ofRow: forecast.candidates, models: models, estimates: estimator, context: context))
        #expect(row == live)
        #expect(row.referenceModel == ModelID("dear"))
        #expect(abs(row.kappa(of: ModelID("cheap")) - Policy().kappa.kappa(at: 1)) > 1e-3, "no line of kappa")
        #expect(row.reserves(forecast.candidates, hasLimits: false).contains(ModelID("dear")))
        #expect(!row.reserves(forecast.candidates, hasLimits: true).contains(ModelID("edge")), "limits may force it")
        let line = Fixture.context(policy: Policy(kappa: .published))
        #expect(PricedStep(ofRow: forecast.candidates, models: models, estimates: estimator, context: line) == nil)
    }

    @Test("late steps of a run weigh more than early ones, and a lone step has weight 1")
    func position() {
        #expect(PricedStep.weight(position: 1, horizon: 1) == 1)
        let weights = (1...9).map { PricedStep.weight(position: $0, horizon: 10 - $0) }
        #expect(weights == weights.sorted())
        #expect(abs(weights.reduce(0, +) / 9 - 1) < 1e-9)
        #expect(abs(weights[8] / weights[0] - 9.53 / 5.25) < 1e-9)
    }

    @Test("where the reference does not fit the budget, the best model that does stands in")
    func scarceBudget() throws {
        let estimator = FixedEstimator(quality: ["edge": 0.3, "cheap": 0.6, "dear": 0.9])
        let decision = try decide(estimator, remaining: Remaining(budget: Money(nanoUSD: 1_000_000)))
        #expect(decision.model == ModelID("cheap"))
        #expect(decision.considered.contains { $0.contains("does not fit the budget left") })
    }

    @Test("limits that leave no room for the dial are kept by a plan without it, and the decision says so")
    func noRoom() throws {
        let estimator = FixedEstimator(quality: ["edge": 0.3, "cheap": 0.6, "dear": 0.9])
        var state = RunState()
        let decision = try StepRouter(estimator: estimator).route(
            Fixture.step(), decisionID: "d", state: &state,
            context: Fixture.context(
                policy: Policy(), remaining: Remaining(budget: Money(nanoUSD: 17_000_000)), horizon: 40))
        let choices = try #require(state.plan?.choices)
        #expect(choices.contains { $0 != ModelID("dear") }, "eight calls of dear do not fit the budget")
        #expect(decision.considered.contains { $0.contains("max_loss is not kept") })
        #expect(state.plan?.forecast == nil, "the next step plans again")
    }

    @Test("measured quality below min_accuracy raises the price, and more quality than asked for does not lower it")
    func measuredQuality() throws {
        let estimator = FixedEstimator(quality: ["edge": 0.1, "cheap": 0.94, "dear": 0.96])
        let chosen = try [-0.1, 0, 0.1].map { offset in
            var context = Fixture.context(policy: Policy())
            context.kappaOffset = offset
            var state = RunState()
            return try StepRouter(estimator: estimator).route(
                Fixture.step(), decisionID: "d", state: &state, context: context
            ).model.rawValue
        }
        #expect(chosen == ["cheap", "cheap", "dear"])
    }

    @Test("the pace of losses raises the price, and with it the quality")
    func pace() throws {
        let estimator = FixedEstimator(quality: ["edge": 0.1, "cheap": 0.94, "dear": 0.96])
        var context = Fixture.context(policy: Policy())
        var state = RunState()
        let router = StepRouter(estimator: estimator)
        #expect(
            try router.route(Fixture.step(), decisionID: "d", state: &state, context: context).model == ModelID("cheap")
        )
        context.priceFactor = 8
        state = RunState()
        #expect(
            try router.route(Fixture.step(), decisionID: "d", state: &state, context: context).model == ModelID("dear"))
    }
}

@Suite("Answers under the price of lost quality")
struct PricedAnswerTests {
    /// A judge that knows how likely the cheap model's answer is right.
    private struct Judged: Estimating, StepEstimates {
        var cheap: Double
        var detectionRate: Double { 0.9 }

        func estimates(of text: StepText, for models: [Model]) -> any StepEstimates { self }

        func prediction(for model: Model) -> Prediction {
            FixedEstimator(quality: ["edge": 0.05, "cheap": 0.9, "dear": 0.95]).prediction(for: model)
        }

        func stepSimilarity(of model: Model, to reference: Model) -> Double { 0.5 }

        func requestSimilarity(of model: Model, to reference: Model) -> Double { 0.5 }

        func acceptance(of answers: [(model: Model, output: String)]) -> Double? {
            answers.last.map { $0.model.id == ModelID("cheap") ? cheap : 0.95 }
        }

        func judges(_ models: [Model]) -> Bool { true }

        func correctness(of models: [Model], given answers: [(model: Model, output: String)]) -> [Double]? {
            models.map { model in
                guard answers.contains(where: { $0.model.id == model.id }) else {
                    return prediction(for: model).quality
                }
                return model.id == ModelID("cheap") ? cheap : 0.95
            }
        }
    }

    private func machine(cheap: Double, policy: Policy = Policy(), remaining: Remaining? = nil) throws -> StepMachine {
        try StepRouter(estimator: Judged(cheap: cheap)).machine(
            for: Fixture.step(), decisionID: "d", state: RunState(),
            context: Fixture.context(policy: policy, remaining: remaining))
    }

    @Test("a doubtful cheap answer is followed by the next model")
    func followed() throws {
        var machine = try machine(cheap: 0.1)
        guard case .call(let first) = machine.action else {
            Issue.record("no first call")
            return
        }
        #expect(first.model == ModelID("cheap"))
        machine.answered(ModelID("cheap"), output: "perhaps 5")
        guard case .call(let second) = machine.action else {
            Issue.record("the doubtful answer was kept: \(machine.action)")
            return
        }
        #expect(second.model == ModelID("dear"))
        machine.answered(ModelID("dear"), output: "4")
        guard case .keep(let kept, _) = machine.action else {
            Issue.record("nothing was kept: \(machine.action)")
            return
        }
        #expect(kept == ModelID("dear"))
    }

    @Test("a convincing cheap answer is kept")
    func kept() throws {
        var machine = try machine(cheap: 0.99)
        machine.answered(ModelID("cheap"), output: "4")
        guard case .keep(let kept, let reason) = machine.action else {
            Issue.record("the answer was not kept: \(machine.action)")
            return
        }
        #expect(kept == ModelID("cheap"))
        #expect(reason.contains("max_loss"))
    }

    @Test("no answer is bought beyond the budget")
    func budget() throws {
        // The highest bill of dear fits alone, but not after the one of cheap.
        for (budget, calls) in [(16_400_000, ["cheap", "edge"]), (40_000_000, ["cheap", "dear"])] {
            var machine = try machine(cheap: 0.1, remaining: Remaining(budget: Money(nanoUSD: Int64(budget))))
            var made: [String] = []
            while case .call(let verdict) = machine.action, made.count < 3 {
                made.append(verdict.model.rawValue)
                machine.answered(verdict.model, output: "perhaps 5")
            }
            #expect(made == calls)
        }
    }

    @Test("verify off keeps the first answer")
    func off() throws {
        var machine = try machine(cheap: 0.1, policy: Policy(verify: .off))
        guard case .call(let first) = machine.action else {
            Issue.record("no first call")
            return
        }
        #expect(first.model == ModelID("dear"))
        machine.answered(ModelID("dear"), output: "4")
        guard case .keep = machine.action else {
            Issue.record("the answer was not kept: \(machine.action)")
            return
        }
    }
}
