import Domain
import Routing
import Testing

@Suite("Kept plans")
struct PlanReuseTests {
    private let estimator = FixedEstimator(
        quality: ["edge": 0.88, "cheap": 0.87, "dear": 0.9], similarity: ["edge": 0.9, "cheap": 0.9])

    /// The state after the first of three planned steps. The first step on the edge model takes 2.6 s and 6683
    /// nano-USD.
    private func begun(_ policy: Policy = Policy(kappa: .published), estimator: FixedEstimator? = nil) throws
        -> RunState
    {
        var state = RunState()
        _ = try StepRouter(estimator: estimator ?? self.estimator).route(
            Fixture.step(), decisionID: "1", state: &state, context: Fixture.context(policy: policy, horizon: 3))
        return state
    }

    /// The second step's remark about the plan.
    private func second(
        _ state: inout RunState, policy: Policy = Policy(kappa: .published), models: [PricedModel]? = nil,
        remaining: Remaining? = nil,
        horizon: Int = 2, position: Int = 2, estimator: FixedEstimator? = nil
    ) throws -> Decision {
        try StepRouter(estimator: estimator ?? self.estimator).route(
            Fixture.step(position: position, previous: "edge"), decisionID: "2", state: &state,
            context: Fixture.context(
                models ?? [Fixture.edge, Fixture.cheap, Fixture.dear], policy: policy, remaining: remaining,
                horizon: horizon))
    }

    private func remark(_ decision: Decision) -> String {
        decision.considered.first { $0.hasPrefix("plan: kept") || $0.hasPrefix("plan: solved again") } ?? "nothing"
    }

    @Test("a plan that holds is kept, and gives the same model")
    func kept() throws {
        var state = try begun()
        let decision = try second(&state)
        #expect(remark(decision) == "plan: kept from step 1")
        #expect(decision.model == ModelID("edge"))
        #expect(decision.model == state.plan?.choices[1])
    }

    @Test("a kept plan orders a later step by that step's own predictions")
    func ownPredictions() throws {
        // Step 1 is hard: the expensive model for the whole run. Step 2 turns out easy for the edge model.
        let hard = FixedEstimator(quality: ["edge": 0.1, "cheap": 0.2, "dear": 0.9])
        var state = try begun(estimator: hard)
        #expect(state.plan?.choices == [ModelID("dear"), ModelID("dear"), ModelID("dear")])
        let decision = try second(&state)
        #expect(remark(decision) == "plan: kept from step 1")
        #expect(decision.model == ModelID("edge"))
    }

    @Test("a step beyond the horizon, and a changed policy, are planned anew")
    func beyond() throws {
        var state = try begun()
        #expect(
            remark(try second(&state, horizon: 1, position: 4))
                == "plan: solved again: step 4 is beyond the 3 steps planned")
        var other = try begun()
        #expect(
            remark(
                try second(
                    &other,
                    policy: Policy(weights: Weights(cost: 0, energy: 0, latency: 0, accuracy: 1), kappa: .published)))
                == "plan: solved again: the policy or the prices have changed")
    }

    @Test("money and time that leave the plan's forecast by more than a fifth cause a new solve; less does not")
    func limits() throws {
        let policy = Policy(budget: Money(nanoUSD: 100_000_000), deadlineSeconds: 100, kappa: .published)
        // Expected after step 1: 100 m - 6683 nano-USD and 97.4 s.
        func left(_ nanoUSD: Int64, _ seconds: Double) throws -> String {
            var state = try begun(policy)
            return remark(
                try second(
                    &state, policy: policy,
                    remaining: Remaining(budget: Money(nanoUSD: nanoUSD), seconds: seconds)))
        }
        #expect(try left(99_000_000, 97) == "plan: kept from step 1")
        #expect(try left(81_000_000, 79) == "plan: kept from step 1")
        #expect(
            try left(79_000_000, 97)
                == "plan: solved again: budget_usd left is 0.079, the plan expected 0.1")
        #expect(
            try left(99_000_000, 70) == "plan: solved again: deadline_s left is 70, the plan expected 97.4")
    }

    @Test("a run that turns out longer or shorter is planned again")
    func length() throws {
        var state = try begun()
        #expect(
            remark(try second(&state, horizon: 5)) == "plan: solved again: 5 more steps are expected, not 2")
    }

    @Test("a removed or added model causes a new solve")
    func health() throws {
        var state = try begun()
        #expect(
            remark(try second(&state, models: [Fixture.cheap, Fixture.dear]))
                == "plan: solved again: edge is gone")
        #expect(remark(try second(&state, position: 3)).hasPrefix("plan: solved again: edge is new"))
    }

    @Test("a failed verification causes a new solve")
    func verification() throws {
        var policy = Policy(kappa: .published, verify: .on)
        policy.sequence.stages = [.sse]
        var machine = try StepRouter(estimator: estimator).machine(
            for: Fixture.step(), decisionID: "1", state: RunState(),
            context: Fixture.context(policy: policy, horizon: 3)
        )
        #expect(machine.action.called?.model == ModelID("edge"))
        machine.answered(ModelID("edge"), output: "", fault: "the answer is empty")
        #expect(machine.action.called?.model == ModelID("cheap"))
        #expect(
            machine.decision.considered.contains(
                Finding.malformed(ModelID("edge"), fault: "the answer is empty").description))
        machine.answered(ModelID("cheap"), output: "4")
        #expect(machine.action.model == ModelID("cheap"))
        var state = machine.state
        #expect(state.plan == nil)
        let decision = try second(&state, policy: policy)
        #expect(remark(decision) == "nothing", "a first plan has nothing to say of an earlier one")
        #expect(state.plan != nil)
    }

    @Test("a kept plan stays within a tight budget: money's shadow price orders the candidates")
    func tightBudget() throws {
        var policy = Policy(budget: Money(nanoUSD: 22_000_000), kappa: .published)
        policy.weights = Weights(cost: 0, energy: 0, latency: 0, accuracy: 1)
        policy.kappa = KappaRule(base: 0, slope: 0, cap: 1, floor: 0)
        let estimator = FixedEstimator(quality: ["edge": 0.5, "cheap": 0.6, "dear": 0.9])
        // The expensive model's highest bill of 16.2 m fits once or twice; its 1.8 m a step would fit for all.
        var remaining = Remaining(of: policy)
        var state = RunState()
        var spent: Int64 = 0
        for position in 1...8 {
            let decision = try StepRouter(estimator: estimator).route(
                Fixture.step(position: position), decisionID: "\(position)", state: &state,
                context: Fixture.context(policy: policy, remaining: remaining, horizon: 9 - position))
            spent += try #require(decision.candidate(decision.model)).cost.total.nanoUSD
            remaining.budget = Money(nanoUSD: 22_000_000 - spent)
        }
        #expect(spent <= 22_000_000)
        #expect(spent > 1_800_000, "what there is, is used")
    }

    @Test("decomposition assigns each part a model, and estimates each by its own text")
    func decomposition() throws {
        var policy = Policy(kappa: .published)
        policy.sequence.decomposition.decomposer = .model(ModelID("cheap"))
        let estimator = WordyEstimator(easy: "add")
        var machine = try StepRouter(estimator: estimator).machine(
            for: Fixture.step(), decisionID: "d", state: RunState(), context: Fixture.context(policy: policy))
        guard case .decompose(let model, _) = machine.action else {
            throw TestFailure("expected a decomposition, not \(machine.action)")
        }
        #expect(model == ModelID("cheap"))
        machine.decomposed(#"["prove the theorem", "add the numbers"]"#)
        guard case .split(let shares, _) = machine.action else {
            throw TestFailure("expected parts, not \(machine.action)")
        }
        #expect(shares.map(\.model) == [ModelID("dear"), ModelID("edge")])
        #expect(machine.decision.stage == .sd)
        machine.failed(ModelID("edge"), reason: "timeout")
        #expect(machine.action.called?.model == ModelID("dear"), "the reference does the step undivided")
    }
}

/// Rates steps as easy if their text begins with a given word.
private struct WordyEstimator: Estimating {
    let easy: String

    func estimates(of text: StepText, for models: [Model]) -> any StepEstimates {
        let isEasy = text.prompt.hasPrefix(easy)
        return FixedEstimator(
            quality: ["edge": 0.88, "cheap": 0.87, "dear": 0.9],
            similarity: ["edge": isEasy ? 0.9 : 0.1, "cheap": isEasy ? 0.9 : 0.1])
    }
}
