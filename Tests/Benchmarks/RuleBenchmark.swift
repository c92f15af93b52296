import Domain
import Estimation
import Routing

/// CPU time of decisions: `Benchmarks rule [PROFILES]`.
///
/// The rule alone, the whole decision while its plan holds, and the whole decision with a new plan over 8 steps x 16
/// models; with priors and, where a folder of profiles is given, with trained estimators. One thread, made-up prompts of
/// 40 to 160 words, prices and speeds drawn like a market's; the seed is fixed.
enum RuleBenchmark {
    static let models = 16
    static let steps = 8

    static func run(_ arguments: [String]) {
        print("what                                        runs     p50 us     p99 us     max us")
        clock()
        rule()
        decisions("priors", PriorEstimator(), profiles: [])
        WaysBenchmark.run("priors", PriorEstimator(), profiles: [])
        guard let folder = arguments.first else { return }
        do {
            let set = try ProfileSet.load(directory: folder)
            decisions("profiles", ProfileEstimator(set), profiles: set.profiledModels)
            WaysBenchmark.run("profiles", ProfileEstimator(set), profiles: set.profiledModels)
        } catch {
            print("no profiles: \(error)")
            PlanClock.fail()
        }
    }

    /// The cost of reading the CPU clock, which is part of every figure below.
    private static func clock() {
        report(
            "the clock itself",
            (0..<10_000).map { _ in
                let start = PlanClock.cpuSeconds
                return PlanClock.cpuSeconds - start
            })
    }

    /// The state machine by itself: the estimates are looked up in tables.
    private static func rule() {
        var generator = Random(seed: 1)
        var times: [Double] = []
        for run in 0..<4000 {
            var rule = SequentialRule()
            for position in 1...steps {
                let reference = candidate("m\(models - 1)", similarity: nil)
                let candidates = (0..<models - 1).map { index in
                    candidate("m\(index)", similarity: generator.draw() * (run % 2 == 0 ? 0.6 : 0.9))
                }
                let table = (0..<8).map { _ in generator.draw() * 0.75 }
                let distance = DistanceForecast(none: 0.1, one: 0.5, more: 0.2, never: 0.2)
                let step = RuleStep(
                    position: position, order: candidates + [reference], reference: reference, kappa: Kappa(.published),
                    verification: Verification(mode: .on),
                    lookAheadEstimates: LookAheadEstimates(
                        similarity: { _, one, other in table[(one + other) & 7] }, distance: { _ in distance }))
                let start = PlanClock.cpuSeconds
                let action = rule.handle(.step(step))
                if case .call(let verdict) = action {
                    _ = rule.handle(.answered(.init(model: verdict.model, acceptance: 0.9)))
                }
                times.append(PlanClock.cpuSeconds - start)
            }
        }
        report("rule alone, 16 models, all stages, verify", times)
    }

    private static func candidate(_ name: String, similarity: Double?) -> Candidate {
        Candidate(
            model: ModelID(name), placement: .cloud,
            prediction: Prediction(
                quality: 0.9, deviation: 0.1, outputTokens: OutputTokens(mean: 100, p95: 300), basis: .prior(.medium)),
            similarity: similarity, requestSimilarity: 0.1, cost: .zero, worstCaseCost: .zero, latencySeconds: 1,
            energyJoules: 0)
    }

    private static func decisions(_ name: String, _ estimator: any Estimating, profiles: [ModelID]) {
        var generator = Random(seed: 2)
        let router = StepRouter(estimator: estimator)
        var kept: [Double] = []
        var replanned: [Double] = []
        var tight: [Double] = []
        for run in 0..<300 {
            let market = market(profiles, &generator)
            var policy = Policy(budget: Money(nanoUSD: 1_000_000_000_000), deadlineSeconds: 100_000, kappa: .published)
            policy.sequence.replanShare = 1
            var state = RunState()
            for position in 1...steps {
                let step = step(position, run: run, &generator)
                let context = context(market, policy, horizon: steps + 1 - position)
                let start = PlanClock.cpuSeconds
                let decision = try? router.route(step, decisionID: "d", state: &state, context: context)
                let time = PlanClock.cpuSeconds - start
                if decision?.considered.contains(where: { $0.hasPrefix("plan: kept") }) == true { kept.append(time) }
                replanned += timed(router, step, context: self.context(market, policy, horizon: steps))
                if position == 1 { tight += tightBudget(router, step, market) }
            }
        }
        report("decision, plan kept, \(name)", kept)
        report("decision, new plan 8 x 16, \(name)", replanned)
        report("same under a binding budget, \(name)", tight)
    }

    /// A first decision, its plan included.
    private static func timed(_ router: StepRouter, _ step: Step, context: RoutingContext) -> [Double] {
        var fresh = RunState()
        let start = PlanClock.cpuSeconds
        guard (try? router.route(step, decisionID: "d", state: &fresh, context: context)) != nil else { return [] }
        return [PlanClock.cpuSeconds - start]
    }

    /// A budget of half the run's cost without a limit.
    private static func tightBudget(_ router: StepRouter, _ step: Step, _ market: [PricedModel]) -> [Double] {
        var policy = Policy(weights: Weights(cost: 0, energy: 0, latency: 0.1, accuracy: 1), kappa: .published)
        policy.kappa = KappaRule(base: 0.3, slope: 0, cap: 1, floor: 0.2)
        var state = RunState()
        guard
            let wish = try? router.route(
                step, decisionID: "d", state: &state, context: context(market, policy, horizon: steps)),
            let dear = wish.candidate(wish.model)
        else { return [] }
        policy.budget = Money(nanoUSD: max(dear.worstCaseCost.nanoUSD, dear.cost.total.nanoUSD * Int64(steps) / 2))
        return timed(router, step, context: context(market, policy, horizon: steps))
    }

    static func context(_ market: [PricedModel], _ policy: Policy, horizon: Int) -> RoutingContext {
        RoutingContext(
            models: market, economics: .standard, policy: policy, remaining: Remaining(of: policy), horizon: horizon,
            catalogVersion: "benchmark")
    }

    static func market(_ profiles: [ModelID], _ generator: inout Random) -> [PricedModel] {
        (0..<models).map { index in
            let input = Int64(20 * generator.power(300))
            let rates = Rates([
                .input: UnitPrice(nanoUSDPerMillion: input * 1_000_000),
                .cachedRead: UnitPrice(nanoUSDPerMillion: input * 100_000),
                .output: UnitPrice(nanoUSDPerMillion: input * 4_000_000),
            ])
            let tiers: [QualityTier] = [.small, .medium, .large, .frontier]
            let model = Model(
                id: ModelID("m\(index)"), provider: "benchmark",
                endpoint: Endpoint(
                    baseURL: "http://127.0.0.1:9/v1", wire: .openAI, modelName: "m\(index)", keyVariable: nil),
                placement: .cloud, tier: tiers[index % tiers.count],
                profile: profiles.isEmpty ? nil : profiles[index % profiles.count], contextTokens: 100_000,
                maxOutputTokens: 4000,
                capabilities: [.tools, .streaming], prices: [],
                speed: Speed(
                    overheadSeconds: 0.3, prefillTokensPerSecond: 3000,
                    decodeTokensPerSecond: 30 + 100 * generator.draw(), provenance: .estimated))
            let price = Price(tiers: [.standard: rates], source: "made up", asOf: CalendarDay(daysSinceEpoch: 20_000))
            return PricedModel(model: model, price: price)
        }
    }

    private static let words = [
        "sum", "the", "table", "orders", "of", "each", "customer", "in", "March", "and", "find", "which", "city", "has",
        "more", "than", "ten", "open", "invoices", "write", "a", "function", "that", "returns", "prime", "numbers",
        "below",
        "n", "explain", "why", "train", "leaves", "at", "noon", "with", "speed", "42", "km",
    ]

    static func step(_ position: Int, run: Int, _ generator: inout Random) -> Step {
        let count = 40 + Int(120 * generator.draw())
        let text = (0..<count).map { _ in words[Int(generator.draw() * Double(words.count))] }.joined(separator: " ")
        return Step(
            id: "s", runID: "r\(run)", position: position, text: StepText(prompt: text), promptTokens: count * 4 / 3,
            promptTokensAtMost: text.utf8.count)
    }

    static func report(_ name: String, _ seconds: [Double]) {
        guard !seconds.isEmpty else { return print("\(name): nothing measured") }
        let sorted = seconds.sorted()
        func microseconds(_ share: Double) -> String {
            let value = sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))] * 1e7
            return pad("\(value.rounded() / 10)", 10)
        }
        print(pad(name, 42), pad("\(sorted.count)", 8), microseconds(0.5), microseconds(0.99), microseconds(1))
    }

    private static func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}

/// The same numbers on every run (SplitMix64).
struct Random {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func draw() -> Double {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return Double((mixed ^ (mixed >> 31)) >> 11) / 9_007_199_254_740_992
    }

    /// From 1 to a limit, evenly spread over its powers.
    mutating func power(_ limit: Double) -> Double { PlanClock.power(limit, draw()) }
}
