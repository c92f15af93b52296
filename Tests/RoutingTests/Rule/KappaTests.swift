import Domain
import Routing
import Testing

@Suite("kappa under a budget")
struct KappaTests {
    /// kappa_3 = .66 between .60 and .80.
    private func kappa(price: Double = 0, spare: Double = 0, risk: Double = 0, at position: Int = 3) -> Double {
        Kappa(.published, bend: KappaBend(moneyPrice: price, spare: spare, risk: risk)).at(position)
    }

    @Test(
        "money's shadow price lowers kappa by its share of the total weight: s = pi / (1 + pi)",
        arguments: [
            (0.0, 0.66), (0.25, 0.66 - 0.2 * 0.06), (1, 0.63), (3, 0.66 - 0.75 * 0.06), (.infinity, 0.6),
        ])
    func scarce(price: Double, expected: Double) {
        #expect(abs(kappa(price: price) - expected) < 1e-12)
    }

    @Test(
        "spare budget raises kappa for late and risky steps: t l u of the way to the cap",
        arguments: [
            // (spare, risk, position): l = min(i, 5) / 5
            (0.5, 0.4, 3, 0.66 + 0.5 * 0.6 * 0.4 * 0.14), (1, 1, 5, 0.8), (1, 1, 1, 0.62 + 0.2 * 0.18),
            (1, 0, 5, 0.7), (0, 1, 5, 0.7), (0.25, 0.5, 9, 0.7 + 0.125 * 0.1),
        ])
    func spare(spare: Double, risk: Double, position: Int, expected: Double) {
        #expect(abs(kappa(spare: spare, risk: risk, at: position) - expected) < 1e-12)
    }

    @Test("it is monotone in price, spare and risk, and never leaves floor and cap")
    func monotone() {
        var generator = SeededGenerator(seed: 9)
        for _ in 0..<2000 {
            func draw() -> Double { Double.random(in: 0...1, using: &generator) }
            let position = Int.random(in: 1...8, using: &generator)
            let (low, high) = { ($0, $0 + draw() * 3) }(draw() * 3)
            let (spare, risk) = (draw(), draw())
            #expect(kappa(price: high, at: position) <= kappa(price: low, at: position))
            #expect(
                kappa(spare: min(spare + draw(), 1), risk: risk, at: position)
                    >= kappa(spare: spare, risk: risk, at: position))
            #expect(
                kappa(spare: spare, risk: min(risk + draw(), 1), at: position)
                    >= kappa(spare: spare, risk: risk, at: position))
            for value in [kappa(price: high, at: position), kappa(spare: spare, risk: risk, at: position)] {
                #expect(value >= 0.6 && value <= 0.8)
            }
        }
    }

    @Test("the controller's offset moves kappa within floor and cap; a policy that does not bend keeps it")
    func offset() {
        #expect(abs(Kappa(.published, offset: 0.05).at(3) - 0.71) < 1e-12)
        #expect(Kappa(.published, offset: 0.5).at(3) == 0.8)
        #expect(Kappa(.published, offset: -0.5).at(3) == 0.6)
        #expect(abs(Kappa(.published, offset: .nan).at(3) - 0.66) < 1e-12)
        var stiff = KappaRule.published
        stiff.bends = false
        let bend = KappaBend(moneyPrice: 3, spare: 0, risk: 0)
        #expect(abs(Kappa(stiff, bend: bend).at(3) - 0.66) < 1e-12)
    }

    @Test("if the plan is infeasible at kappa, a budget lowers kappa to its floor before the policy gives up")
    func floorBeforeInfeasible() throws {
        // kappa_1 = .62 of .9 is .558: only the expensive model reaches it; the floor .4 admits the cheap one.
        var policy = Policy(budget: Money(nanoUSD: 20_000_000), kappa: .published)
        policy.kappa = KappaRule(base: 0.6, slope: 0.02, cap: 0.8, floor: 0.4)
        let estimator = FixedEstimator(quality: ["edge": 0.1, "cheap": 0.5, "dear": 0.9])
        // Eight steps on the expensive model cost at least 8 x 1.8 m, and more as the prompt grows.
        let context = Fixture.context(policy: policy, horizon: 8)
        var state = RunState()
        let router = StepRouter(estimator: estimator)
        let decision = try router.route(Fixture.step(), decisionID: "d", state: &state, context: context)
        #expect(abs(decision.kappa - 0.4) < 1e-12)
        #expect(decision.considered.contains { $0.contains("kappa is lowered to its floor 0.40") })
        var stiff = context
        stiff.policy.kappa.bends = false
        #expect(throws: RoutingError.self) {
            var state = RunState()
            _ = try router.route(Fixture.step(), decisionID: "d", state: &state, context: stiff)
        }
    }
}
