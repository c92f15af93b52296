import Domain
import Routing
import Testing

@Suite("The step router")
struct RouterTests {
    private func route(
        _ estimator: FixedEstimator, step: Step = Fixture.step(), context: RoutingContext = Fixture.context(),
        state: RunState = RunState()
    ) throws -> Decision {
        var state = state
        return try StepRouter(estimator: estimator).route(step, decisionID: "d", state: &state, context: context)
    }

    @Test("an easy step goes to the cheapest model that is similar to the reference")
    func easy() throws {
        let decision = try route(FixedEstimator(quality: ["edge": 0.9, "cheap": 0.9, "dear": 0.92]))
        #expect(decision.model == ModelID("edge"))
        #expect(decision.stage == .sse)
        #expect(decision.reference == ModelID("dear"))
        #expect(decision.fallbacks == [ModelID("dear"), ModelID("cheap")], "who answers next is better, not cheaper")
    }

    @Test("a hard step goes to the reference")
    func hard() throws {
        let decision = try route(FixedEstimator(quality: ["edge": 0.1, "cheap": 0.3, "dear": 0.9]))
        #expect(decision.model == ModelID("dear"))
    }

    @Test("a model that is more expensive and no better than the reference does not stretch the scale of cost")
    func dominated() throws {
        let absurd = Fixture.priced(Fixture.model("absurd", tier: .frontier), input: 900_000, output: 900_000)
        let estimator = FixedEstimator(quality: ["cheap": 0.7, "dear": 0.9, "absurd": 0.9])
        let decision = try route(estimator, context: Fixture.context([Fixture.cheap, Fixture.dear, absurd]))
        #expect(decision.reference == ModelID("dear"))
        #expect(decision.model == ModelID("cheap"))
        #expect(decision.fallbacks == [ModelID("dear"), ModelID("absurd")])
    }

    @Test("the front excludes dominated candidates")
    func front() throws {
        let absurd = Fixture.priced(Fixture.model("absurd", tier: .frontier), input: 900_000, output: 900_000)
        let estimator = FixedEstimator(quality: ["edge": 0.5, "cheap": 0.7, "dear": 0.9, "absurd": 0.9])
        let decision = try route(
            estimator, context: Fixture.context([absurd, Fixture.dear, Fixture.cheap, Fixture.edge]))
        #expect(decision.front.map(\.model) == ["edge", "cheap", "dear"].map { ModelID($0) })
    }

    @Test("the decision is deterministic and contains every candidate")
    func deterministic() throws {
        let estimator = FixedEstimator(quality: ["edge": 0.55, "cheap": 0.7, "dear": 0.9])
        let decisions = try (0..<20).map { _ in try route(estimator) }
        #expect(Set(decisions).count == 1)
        #expect(decisions[0].candidates.map(\.model) == ["edge", "cheap", "dear"].map { ModelID($0) })
    }

    @Test("a request committed to a model by URC stays there at the next step")
    func commitment() throws {
        let estimator = FixedEstimator(
            quality: ["edge": 0.7, "cheap": 0.7, "dear": 0.75], similarity: ["edge": 0, "cheap": 0],
            requestSimilarity: ["edge": 0.9])
        var state = RunState()
        let router = StepRouter(estimator: estimator)
        let first = try router.route(Fixture.step(), decisionID: "1", state: &state, context: Fixture.context())
        #expect(first.stage == .urc)
        #expect(state.committed == ModelID("edge"))
        let second = try router.route(
            Fixture.step(position: 2, previous: "edge"), decisionID: "2", state: &state, context: Fixture.context())
        #expect(second.model == ModelID("edge"))
        #expect(second.stage == .urc)
    }

    @Test("a model whose highest possible bill exceeds the budget is not called")
    func budget() throws {
        var policy = Policy(budget: Money(nanoUSD: 1_000_000), kappa: .published)
        policy.kappa = KappaRule(base: 0, slope: 0, cap: 1, floor: 0)
        let decision = try route(
            FixedEstimator(quality: ["edge": 0.1, "cheap": 0.3, "dear": 0.9]), context: Fixture.context(policy: policy))
        #expect(decision.model == ModelID("cheap") || decision.model == ModelID("edge"))
        let dear = try #require(decision.candidate(ModelID("dear")))
        #expect(try #require(dear.rejection).contains("does not fit the $0.001 left"))
    }

    @Test("infeasible limits are refused with the limit and a feasible value")
    func infeasible() throws {
        let estimator = FixedEstimator(quality: ["edge": 0.1, "cheap": 0.3, "dear": 0.9])
        let broke = Policy(budget: Money(nanoUSD: 10), kappa: .published)
        let poor = #expect(throws: RoutingError.self) { try route(estimator, context: Fixture.context(policy: broke)) }
        #expect((poor?.description ?? "").contains("budget_usd"))
        let demanding = Policy(minAccuracy: 0.99, kappa: .published)
        let strict = #expect(throws: RoutingError.self) {
            try route(estimator, context: Fixture.context(policy: demanding))
        }
        #expect((strict?.description ?? "").contains("accuracy"))
        let hasty = Policy(deadlineSeconds: 0.1, kappa: .published)
        let late = #expect(throws: RoutingError.self) { try route(estimator, context: Fixture.context(policy: hasty)) }
        #expect((late?.description ?? "").contains("deadline"))
    }

    @Test(
        "on_infeasible chooses the cheapest or the best instead",
        arguments: [(InfeasibleRule.cheapest, "edge"), (.best, "dear")])
    func onInfeasible(rule: InfeasibleRule, model: String) throws {
        let policy = Policy(minAccuracy: 0.99, kappa: .published, onInfeasible: rule)
        let decision = try route(
            FixedEstimator(quality: ["edge": 0.1, "cheap": 0.3, "dear": 0.9]), context: Fixture.context(policy: policy))
        #expect(decision.model == ModelID(model))
        #expect(decision.reason.contains("the \(rule.rawValue), since"))
    }

    @Test(
        "each method chooses as its name says",
        arguments: [
            (PolicyMethod.lexicographic, Weights(cost: 0.5, energy: 0, latency: 0, accuracy: 1), "dear"),
            (.lexicographic, Weights(cost: 1, energy: 0, latency: 0, accuracy: 0.5), "edge"),
            (.epsilonConstraint, Weights(cost: 1, energy: 0, latency: 0, accuracy: 0.9), "edge"),
            (.epsilonConstraint, Weights(cost: 0.9, energy: 0, latency: 0, accuracy: 1), "dear"),
            (.chebyshev, Weights(cost: 1, energy: 0, latency: 0, accuracy: 1), "cheap"),
        ])
    func methods(method: PolicyMethod, weights: Weights, model: String) throws {
        var policy = Policy(weights: weights, method: method, kappa: .published)
        policy.kappa = KappaRule(base: 0, slope: 0, cap: 1, floor: 0)
        let estimator = FixedEstimator(quality: ["edge": 0.5, "cheap": 0.8, "dear": 0.9])
        var state = RunState()
        _ = try StepRouter(estimator: estimator).route(
            Fixture.step(), decisionID: "d", state: &state, context: Fixture.context(policy: policy))
        #expect(state.plan?.choices == [ModelID(model)])
    }

    @Test("without any model that can serve, every reason is given")
    func noCandidate() throws {
        let error = #expect(throws: RoutingError.self) {
            try route(FixedEstimator(quality: [:]), step: Fixture.step(needs: [.vision]))
        }
        #expect((error?.description ?? "").contains("edge: has no capability 'vision'"))
        let empty = #expect(throws: RoutingError.self) {
            try route(FixedEstimator(quality: [:]), context: Fixture.context([]))
        }
        #expect((empty?.description ?? "").contains("no model is live"))
    }

    @Test("parallel subtasks do not add up their times, do not grow and lose no cache")
    func siblings() throws {
        let estimator = FixedEstimator(quality: ["edge": 0.9, "cheap": 0.9, "dear": 0.92])
        // One step takes 2.6 s on any of the three: eight in a row would exceed the deadline, in parallel they do not.
        let policy = Policy(deadlineSeconds: 5, kappa: .published)
        var context = Fixture.context(policy: policy, horizon: 8)
        #expect(throws: RoutingError.self) { try route(estimator, context: context) }
        context.shape = .siblings
        #expect(try route(estimator, context: context).model == ModelID("edge"))
    }

    @Test("over a horizon the plan keeps the budget of the whole run")
    func horizon() throws {
        // One step on the expensive model costs 1.8 m nano-USD: eight would exceed 5 m, the first alone would not.
        var policy = Policy(budget: Money(nanoUSD: 20_000_000), kappa: .published)
        policy.weights = Weights(cost: 0, energy: 0, latency: 0, accuracy: 1)
        policy.kappa = KappaRule(base: 0, slope: 0, cap: 1, floor: 0)
        let estimator = FixedEstimator(quality: ["edge": 0.5, "cheap": 0.6, "dear": 0.9])
        var state = RunState()
        let decision = try StepRouter(estimator: estimator).route(
            Fixture.step(), decisionID: "d", state: &state, context: Fixture.context(policy: policy, horizon: 8))
        #expect(decision.considered.first?.hasPrefix("plan: the budget binds: ") == true)
        let plan = try #require(state.plan)
        #expect(plan.choices.count == 8)
        #expect(plan.choices.contains { $0 != ModelID("dear") })
        #expect(plan.binding.contains("the budget"))
    }

    @Test("decisions hold on thousands of random steps: the model is a fitting candidate that passed its test")
    func property() throws {
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<1500 {
            let names = ["edge", "cheap", "dear"]
            let estimator = FixedEstimator(
                quality: Dictionary(
                    uniqueKeysWithValues: names.map { ($0, Double.random(in: 0...1, using: &generator)) }))
            let position = Int.random(in: 1...8, using: &generator)
            let decision = try route(estimator, step: Fixture.step(position: position))
            let chosen = try #require(decision.candidate(decision.model))
            #expect(chosen.rejection == nil)
            switch decision.stage {
            case .sse: #expect(try #require(chosen.similarity) > decision.kappa)
            case .reference, .plan: #expect(decision.model == decision.reference)
            default: Issue.record("unexpected stage \(decision.stage)")
            }
            let best = decision.candidates.map(\.prediction.quality).max()
            #expect(decision.candidate(decision.reference)?.prediction.quality == best)
        }
    }
}
