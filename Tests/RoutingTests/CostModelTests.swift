import Domain
import Optimization
import Routing
import Testing

@Suite("Expected cost of a live call")
struct CostModelTests {
    private let estimator = FixedEstimator(quality: ["edge": 0.8, "cheap": 0.8, "dear": 0.8])

    private func candidate(
        _ priced: PricedModel, policy: Policy = Policy(kappa: .published), economics: Economics = .standard
    ) throws -> Candidate {
        let context = RoutingContext(
            models: [priced], economics: economics, policy: policy, remaining: Remaining(of: policy), horizon: 1,
            catalogVersion: "test")
        let all = Candidates.of(Fixture.step(), in: context, predicting: estimator.prediction(for:))
        return try #require(all.first)
    }

    @Test("a model that fails a fifth of its calls costs a second attempt for those, in money and time")
    func retries() throws {
        let failing = PricedModel(
            model: Fixture.dear.model, price: Fixture.dear.price,
            live: LiveRate(errorRate: 0.2, arrivalsPerSecond: 1))
        let candidate = try candidate(failing)
        // 1,800,000 nano-USD for the 96 % that succeed in two attempts; 2.6 s x 1.2 attempts
        #expect(candidate.cost.total.nanoUSD == 1_728_000)
        #expect(abs(candidate.latencySeconds - 3.12) < 1e-9)
    }

    @Test("calls that wait for the slots of an edge server take longer, by Erlang C")
    func queue() throws {
        let model = Fixture.edge.model
        let edge = Model(
            id: model.id, provider: model.provider, endpoint: model.endpoint, placement: .edge, tier: model.tier,
            contextTokens: model.contextTokens, maxOutputTokens: model.maxOutputTokens,
            capabilities: model.capabilities, prices: [], energy: model.energy, slots: 1, speed: model.speed)
        let busy = PricedModel(
            model: edge, price: Fixture.edge.price,
            live: LiveRate(errorRate: 0, arrivalsPerSecond: 0.25, serviceSeconds: 2, busySlots: 1))
        // M/M/1 at half load: the wait is as long as the service. 0.5 + 0.1 + 2 s without it.
        #expect(abs(try candidate(busy).latencySeconds - 4.6) < 1e-9)
        let flooded = PricedModel(
            model: edge, price: Fixture.edge.price,
            live: LiveRate(errorRate: 0, arrivalsPerSecond: 5, serviceSeconds: 2, busySlots: 1, waiting: 9))
        #expect(try candidate(flooded).latencySeconds.isFinite)
        #expect(try candidate(flooded).latencySeconds > 20)
    }

    @Test("data transfer to a provider is paid for")
    func transfer() throws {
        let economics = Economics(electricityUSDPerKWh: 0.15, gramsCO2ePerKWh: 400, transferUSDPerGB: 0.1)
        // (100 + 100 tokens) x 4 bytes x 0.1 nano-USD
        #expect(try candidate(Fixture.dear, economics: economics).cost.hardware.nanoUSD == 80)
        #expect(try candidate(Fixture.edge, economics: economics).cost.hardware.nanoUSD == 2100)
    }

    @Test("the cheapest admitted service tier of a model is used, and never batch rates")
    func tiers() throws {
        func rates(_ nanoUSD: Int64) -> Rates {
            Rates([
                .input: UnitPrice(nanoUSDPerMillion: nanoUSD * 1_000_000),
                .output: UnitPrice(nanoUSDPerMillion: nanoUSD * 1_000_000),
                .request: UnitPrice(nanoUSDPerMillion: 7_000_000),
            ])
        }
        let price = Price(
            tiers: [.standard: rates(100), .flex: rates(60), .priority: rates(200), .batch: rates(50)], source: "test",
            asOf: Fixture.day)
        let model = PricedModel(model: Fixture.cheap.model, price: price)
        var policy = Policy(kappa: .published)
        #expect(try candidate(model, policy: policy).serviceTier == .standard)
        policy.plan.serviceTiers = [.standard, .flex, .batch]
        let flex = try candidate(model, policy: policy)
        #expect(flex.serviceTier == .flex)
        // 200 tokens x 60; the fee per request belongs to the standard rates alone where flex names none
        #expect(flex.cost.api.nanoUSD == 200 * 60 + 7)
        // A server may serve the standard tier anyway: 400 tokens in and 1000 out at most, at its price.
        #expect(flex.worstCaseCost.nanoUSD == 1400 * 100 + 7)
        policy.plan.serviceTiers = [.priority]
        #expect(try candidate(model, policy: policy).cost.api.nanoUSD == 200 * 200 + 7)
        var context = Fixture.context(
            [model], policy: Policy(kappa: .published, plan: PlanRule(serviceTiers: [.standard, .batch])))
        context.isBatch = true
        let row = Candidates.of(Fixture.step(), in: context, predicting: estimator.prediction(for:))
        #expect(row.first?.serviceTier == .batch)
        // A batch API bills its own rates only.
        #expect(row.first?.worstCaseCost == Money(nanoUSD: 1400 * 50 + 7))
    }

    @Test("a plan on the 95 % quantile keeps a budget that the mean alone would not need")
    func quantile() throws {
        // Mean 1.8 m nano-USD; answers of up to 300 tokens instead of 100 make it 4.8 m at 95 %.
        var policy = Policy(budget: Money(nanoUSD: 17_000_000), kappa: KappaRule(base: 0, slope: 0, cap: 1, floor: 0))
        policy.weights = Weights(cost: 0, energy: 0, latency: 0, accuracy: 1)
        let estimator = FixedEstimator(quality: ["cheap": 0.6, "dear": 0.9])
        func dearSteps(_ policy: Policy) throws -> Int {
            var state = RunState()
            _ = try StepRouter(estimator: estimator).route(
                Fixture.step(), decisionID: "d", state: &state,
                context: Fixture.context([Fixture.cheap, Fixture.dear], policy: policy, horizon: 8))
            return try #require(state.plan).choices.count { $0 == ModelID("dear") }
        }
        let onMean = try dearSteps(policy)
        policy.plan.statistic = .quantile(0.95)
        let onQuantile = try dearSteps(policy)
        #expect(onMean > onQuantile)
        #expect(onQuantile >= 1)
    }

    @Test("a carbon cap below the edge's use leaves the step to the cloud")
    func carbon() throws {
        var policy = Policy(kappa: KappaRule(base: 0, slope: 0, cap: 1, floor: 0))
        // 110 J at 400 g/kWh are 0.0122 g.
        for (cap, model) in [(0.02, "edge"), (0.01, "dear")] {
            policy.plan.carbonGrams = cap
            var state = RunState()
            let context = Fixture.context([Fixture.edge, Fixture.dear], policy: policy)
            let decision = try StepRouter(estimator: estimator).route(
                Fixture.step(), decisionID: "d", state: &state, context: context)
            let plan = try #require(state.plan)
            #expect(plan.choices.first == ModelID(model), "\(decision.considered)")
        }
    }

    @Test("an infeasible cap is reported with a feasible value")
    func carbonInfeasible() throws {
        var policy = Policy(kappa: .published)
        policy.plan.carbonGrams = 0.01
        var state = RunState()
        let error = #expect(throws: RoutingError.self) {
            _ = try StepRouter(estimator: estimator).route(
                Fixture.step(), decisionID: "d", state: &state,
                context: Fixture.context([Fixture.edge], policy: policy))
        }
        #expect(error?.description.contains("raise the carbon cap from 0.01 g to 0.0123 g") == true)
    }
}
