import Domain
import Routing
import Testing

@Suite("The plan's order and the rule's tests")
struct PlanOrderTests {
    private func route(
        _ estimator: FixedEstimator, policy: Policy = Policy(kappa: .published), position: Int = 1, horizon: Int = 1,
        offset: Double = 0,
        remaining: Remaining? = nil, models: [PricedModel] = [Fixture.edge, Fixture.cheap, Fixture.dear]
    ) throws -> (decision: Decision, state: RunState) {
        var state = RunState()
        var context = Fixture.context(models, policy: policy, remaining: remaining, horizon: horizon)
        context.kappaOffset = offset
        let decision = try StepRouter(estimator: estimator).route(
            Fixture.step(position: position), decisionID: "d", state: &state, context: context)
        return (decision, state)
    }

    @Test("a model of much lower predicted quality is still tested, and kept if its outputs are similar")
    func similarityDecides() throws {
        // .3 is less than kappa_1 x .6, but both fail on the same steps.
        let estimator = FixedEstimator(
            quality: ["edge": 0.3, "cheap": 0.35, "dear": 0.6], similarity: ["edge": 0.8, "cheap": 0.5])
        let (decision, state) = try route(estimator, horizon: 3)
        #expect(decision.model == ModelID("edge"))
        #expect(decision.stage == .sse)
        #expect(state.plan?.choices == [ModelID("edge"), ModelID("edge"), ModelID("edge")])
    }

    @Test("URC and CD also test models that SSE is expected to refuse")
    func otherTests() throws {
        let weak = FixedEstimator(
            quality: ["edge": 0.3, "cheap": 0.4, "dear": 0.9], similarity: ["edge": 0.3, "cheap": 0.4])
        var byRequest = weak
        byRequest.requestSimilarity = ["cheap": 0.8]
        let whole = try route(byRequest, horizon: 3)
        #expect(whole.decision.stage == .urc)
        #expect(whole.decision.model == ModelID("cheap"))
        #expect(whole.state.plan?.choices.contains(ModelID("dear")) == false, "the plan counts on it, too")
        var byLookAhead = weak
        byLookAhead.later = ["edge": [1: 0.9]]
        let ahead = try route(byLookAhead)
        #expect(ahead.decision.stage == .cd)
        #expect(ahead.decision.model == ModelID("edge"))
        #expect(ahead.state.plan?.choices == [ModelID("dear")], "the plan had not counted on that")
    }

    @Test("URC tests a model that is better for the whole request but not for its first step")
    func wholeRequest() throws {
        // Over three steps the prompt grows: at the first one the expensive model's price is a smaller part of the
        // scale.
        let prices = [
            Fixture.priced(Fixture.model("cheap"), input: 1000, output: 2000),
            Fixture.priced(Fixture.model("dear", tier: .frontier), input: 10_000, output: 20_000),
        ]
        let estimator = FixedEstimator(
            quality: ["cheap": 0.6, "dear": 0.8], similarity: ["cheap": 0.9], requestSimilarity: ["cheap": 0.9])
        let policy = Policy(weights: Weights(cost: 1, energy: 0, latency: 0, accuracy: 0.5), kappa: .published)
        let whole = try route(estimator, policy: policy, horizon: 3, models: prices)
        #expect(whole.state.plan?.choices.first == ModelID("dear"), "by its step alone")
        #expect(whole.decision.stage == .urc)
        #expect(whole.decision.model == ModelID("cheap"))
        #expect(whole.state.committed == ModelID("cheap"))
        var unlike = estimator
        unlike.requestSimilarity = ["cheap": 0.5]
        let step = try route(unlike, policy: policy, horizon: 3, models: prices)
        #expect(step.decision.model == ModelID("dear"))
        #expect(step.decision.stage == .plan)
    }

    @Test("if every test fails the reference answers, and each test is in the decision")
    func allFail() throws {
        let estimator = FixedEstimator(quality: ["edge": 0.3, "cheap": 0.4, "dear": 0.9])
        let (decision, _) = try route(estimator, position: 2)
        #expect(decision.model == ModelID("dear"))
        #expect(decision.stage == .reference)
        #expect(
            decision.considered.filter { $0.hasPrefix("sse: ") }.sorted()
                == ["sse: cheap 0.44 <= 0.64", "sse: edge 0.33 <= 0.64"])
        #expect(decision.reason.hasSuffix("the nearest is cheap with similarity 0.44"))
    }

    @Test(
        "the plan counts on those whom the rule will let through at each step's kappa, the controller's offset included"
    )
    func expectations() throws {
        // kappa is .62, .64, .66: .65 passes twice.
        let estimator = FixedEstimator(
            quality: ["cheap": 0.8, "dear": 0.9], similarity: ["cheap": 0.65])
        let models = [Fixture.cheap, Fixture.dear]
        let plain = try route(estimator, horizon: 3, models: models)
        #expect(plain.state.plan?.choices == ["cheap", "cheap", "dear"].map { ModelID($0) })
        let strict = try route(estimator, horizon: 3, offset: 0.04, models: models)
        #expect(strict.state.plan?.choices == ["dear", "dear", "dear"].map { ModelID($0) })
        #expect(strict.decision.model == ModelID("dear"), "the rule has the same kappa")
    }

    @Test("models that the policy's weights rank below the reference are not tried")
    func behind() throws {
        let policy = Policy(weights: Weights(cost: 0, energy: 0, latency: 0, accuracy: 1), kappa: .published)
        let estimator = FixedEstimator(
            quality: ["edge": 0.3, "cheap": 0.4, "dear": 0.9], similarity: ["edge": 0.9, "cheap": 0.3])
        let (decision, _) = try route(estimator, policy: policy)
        #expect(decision.model == ModelID("dear"))
        #expect(decision.stage == .plan)
        #expect(!decision.considered.contains { $0.hasPrefix("sse: ") })
    }

    @Test("a model that would exceed the deadline is not tried before the plan's choice")
    func deadline() throws {
        let slow = Fixture.priced(Fixture.model("slow", speed: 10), input: 10, output: 40)
        let estimator = FixedEstimator(
            quality: ["slow": 0.4, "cheap": 0.8, "dear": 0.9], similarity: ["slow": 0.3, "cheap": 0.9],
            later: ["slow": [1: 0.9]])
        let models = [slow, Fixture.cheap, Fixture.dear]
        var policy = Policy(weights: Weights(cost: 1, energy: 0, latency: 0, accuracy: 0), kappa: .published)
        #expect(try route(estimator, policy: policy, models: models).decision.model == ModelID("slow"))
        // 100 tokens take it 10 s.
        policy.deadlineSeconds = 5
        let hurried = try route(estimator, policy: policy, models: models)
        #expect(hurried.decision.model == ModelID("cheap"))
    }

    @Test("without a reference to fall back on, kappa limits the plan, and the error names the nearest candidate")
    func noReference() throws {
        var policy = Policy(budget: Money(nanoUSD: 1_000_000), kappa: .published)
        policy.kappa.bends = false
        let estimator = FixedEstimator(quality: ["edge": 0.1, "cheap": 0.3, "dear": 0.9])
        let error = #expect(throws: RoutingError.self) { try route(estimator, policy: policy) }
        #expect(
            error?.description.contains(
                "the reference dear does not fit what is left, and no other model is expected to pass kappa 0.62 at "
                    + "step 1 (the nearest is cheap, similarity 0.33)") == true)
    }
}
