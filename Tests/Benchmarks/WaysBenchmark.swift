import Domain
import Routing

/// CPU time of decisions over ways of asking, beside the same decisions without: part of `Benchmarks rule`.
///
/// 16 models; 8 subsets of three sources, none dominated; four levels of effort. Rows of one estimator follow each other
/// on the same prompts, so that their differences can be read.
enum WaysBenchmark {
    private static let runs = 1500

    static func run(_ name: String, _ estimator: any Estimating, profiles: [ModelID]) {
        let budget = Policy(budget: Money(nanoUSD: 2_000_000_000))
        let cases: [(name: String, sources: Bool, levels: Bool, policy: Policy, horizon: Int)] = [
            ("one way", false, false, Policy(), 1),
            ("8 subsets", true, false, Policy(), 1),
            ("4 levels", false, true, Policy(), 1),
            ("8 subsets, 4 levels", true, true, Policy(), 1),
            ("one way, budget, 4 steps", false, false, budget, 4),
            ("8 subsets, budget, 4 steps", true, false, budget, 4),
        ]
        for one in cases {
            var generator = Random(seed: 3)
            let router = StepRouter(estimator: estimator)
            var times: [Double] = []
            for run in 0..<runs {
                let market = RuleBenchmark.market(profiles, &generator)
                let models = one.levels ? market.map(withLevels) : market
                var step = RuleBenchmark.step(1, run: run, &generator)
                if one.sources { step = withSources(step) }
                let context = RuleBenchmark.context(models, one.policy, horizon: one.horizon)
                var state = RunState()
                let start = PlanClock.cpuSeconds
                guard (try? router.route(step, decisionID: "d", state: &state, context: context)) != nil else {
                    continue
                }
                times.append(PlanClock.cpuSeconds - start)
            }
            RuleBenchmark.report("\(one.name), \(name)", times)
        }
    }

    private static func withSources(_ step: Step) -> Step {
        var step = step
        let sizes = [400, 2000, 8000]
        step.promptTokens += sizes.reduce(0, +) / 4
        step.promptTokensAtMost += sizes.reduce(0, +)
        step.sources = StepSources(
            sources: sizes.indices.map { StepSource(id: "s\($0)", textBytes: sizes[$0], images: 0, needs: []) },
            subsets: (0..<8).map { mask in
                let chosen = sizes.indices.filter { mask >> $0 & 1 == 1 }
                return SourceSubset(
                    mask: UInt64(mask), qualityShare: 0.7 + 0.1 * Double(chosen.count),
                    textBytes: chosen.reduce(0) { $0 + sizes[$1] }, images: 0, needs: [])
            }, needsWithout: [])
        return step
    }

    private static func withLevels(_ priced: PricedModel) -> PricedModel {
        let model = priced.model
        let levels = zip([MeasuredEffort.none, .low, .medium, .high], [1.0, 2, 4, 8]).map { effort, length in
            EffortLevel(
                effort: effort, parameters: EffortParameters(reasoningEffort: effort.rawValue), length: length,
                source: "made up")
        }
        return PricedModel(
            model: Model(
                id: model.id, provider: model.provider, endpoint: model.endpoint, placement: model.placement,
                tier: model.tier, profile: model.profile, contextTokens: model.contextTokens,
                maxOutputTokens: model.maxOutputTokens, capabilities: model.capabilities, prices: [],
                speed: model.speed, efforts: levels, published: PublishedRecord(scores: [], effort: .medium)),
            price: priced.price)
    }
}
