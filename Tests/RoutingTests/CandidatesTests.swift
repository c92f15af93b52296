import Domain
import Routing
import Testing

@Suite("Candidates")
struct CandidatesTests {
    private let estimator = FixedEstimator(quality: [:])

    private func candidate(_ id: String, step: Step = Fixture.step(), context: RoutingContext) throws -> Candidate {
        let all = Candidates.of(step, in: context, predicting: estimator.prediction(for:))
        return try #require(all.first { $0.model == ModelID(id) })
    }

    @Test("a cloud model costs its tokens, and its latency is overhead, prefill and decode")
    func cloud() throws {
        let dear = try candidate("dear", context: Fixture.context())
        // 100 x 3000 + 100 x 15000 nano-USD; 0.5 + 100/1000 + 100/50 s
        #expect(dear.cost.total.nanoUSD == 1_800_000)
        #expect(abs(dear.latencySeconds - 2.6) < 1e-9)
        #expect(dear.energyJoules == 0)
        // 400 tokens in and 1000 out at most
        #expect(dear.worstCaseCost.nanoUSD == 400 * 3000 + 1000 * 15_000)
    }

    @Test("a stream leaves out models whose first token is expected too late, if the policy wants that")
    func firstToken() throws {
        var policy = Policy(kappa: .published)
        // 0.5 s of overhead, and 100 tokens at 1000 a second.
        policy.firstTokenSeconds = 0.55
        var step = Fixture.step()
        #expect(try candidate("dear", step: step, context: Fixture.context(policy: policy)).rejection == nil)
        step.isStream = true
        let late = try candidate("dear", step: step, context: Fixture.context(policy: policy)).rejection
        #expect(late == "its first token is expected after 0.6 s, first_token_s is 0.55")
        policy.onInfeasible = .cheapest
        #expect(try candidate("dear", step: step, context: Fixture.context(policy: policy)).rejection == nil)
        policy.onInfeasible = .reject
        policy.firstTokenSeconds = 0.65
        #expect(try candidate("dear", step: step, context: Fixture.context(policy: policy)).rejection == nil)
    }

    @Test("an edge model costs electricity and hardware")
    func edge() throws {
        let edge = try candidate("edge", context: Fixture.context())
        // 100 x 0.1 + 100 x 1 J; 110 J at 0.15 USD/kWh = 4583 nano-USD; 2.1 busy s x 1000 nano-USD
        #expect(abs(edge.energyJoules - 110) < 1e-9)
        #expect(edge.cost.api == .zero)
        #expect(edge.cost.energy.nanoUSD == 4583)
        #expect(edge.cost.hardware.nanoUSD == 2100)
    }

    @Test("the previous step's model reads its prompt from its cache")
    func cache() throws {
        var rates = Rates([.input: UnitPrice(nanoUSDPerMillion: 1_000_000_000), .output: .zero])
        rates.prices[.cachedRead] = UnitPrice(nanoUSDPerMillion: 100_000_000)
        let price = Price(tiers: [.standard: rates], source: "test", asOf: Fixture.day)
        let models = [
            PricedModel(model: Fixture.model("stays"), price: price),
            PricedModel(model: Fixture.model("other"), price: price),
        ]
        let step = Fixture.step(position: 2, previous: "stays")
        // 20 fresh x 1000 + 80 cached x 100, against 100 fresh
        #expect(try candidate("stays", step: step, context: Fixture.context(models)).cost.api.nanoUSD == 28_000)
        #expect(try candidate("other", step: step, context: Fixture.context(models)).cost.api.nanoUSD == 100_000)
    }

    @Test("an image counts at the model's tokens per image, and without a figure at more than any known model bills")
    func images() throws {
        let known = Fixture.model("known", images: ImageTokens(most: 3000, source: "test"))
        let models = [known, Fixture.model("unknown")].map { Fixture.priced($0, input: 1000, output: 0) }
        var step = Fixture.step(position: 2, previous: "known")
        step.promptTokens += 2 * ImageTokens.likelyWhereUnknown
        step.promptTokensAtMost += 2 * ImageTokens.mostWhereUnknown
        step.cachedTokens += ImageTokens.likelyWhereUnknown
        (step.images, step.cachedImages) = (2, 1)
        let context = Fixture.context(models)
        let cheaper = try candidate("known", step: step, context: context)
        #expect(cheaper.worstCaseCost.nanoUSD == (400 + 2 * 3000) * 1000)
        #expect(cheaper.cost.api.nanoUSD == (100 + 2 * 2000) * 1000)
        // One of them is in its cache: 0.5 + (4100 - 2080)/1000 + 100/50 s
        #expect(abs(cheaper.latencySeconds - 4.52) < 1e-9)
        let dearer = try candidate("unknown", step: step, context: context)
        #expect(dearer.worstCaseCost.nanoUSD == (400 + 2 * 50_000) * 1000)
        #expect(dearer.cost.api.nanoUSD == (100 + 2 * 1000) * 1000)
        // Applying it twice changes nothing.
        #expect(step.read(by: known).read(by: known).promptTokensAtMost == 400 + 2 * 3000)
    }

    @Test("a model whose server keeps no prompts prefills all of it again")
    func noCache() throws {
        let model = Fixture.model("stays", promptCache: .none)
        let step = Fixture.step(position: 2, previous: "stays")
        let stays = try candidate(
            "stays", step: step, context: Fixture.context([Fixture.priced(model, input: 1000, output: 0)]))
        #expect(stays.cost.api.nanoUSD == 100_000)
        // 0.5 + 100/1000 + 100/50 s: nothing of the prompt is saved
        #expect(abs(stays.latencySeconds - 2.6) < 1e-9)
    }

    @Test("a model that cannot serve the step says why")
    func rejections() throws {
        var policy = Policy(kappa: .published)
        policy.models.deny = [ModelID("cheap")]
        policy.placement = .cloudOnly
        let narrow = Fixture.priced(Fixture.model("narrow", context: 100), input: 1, output: 1)
        let context = Fixture.context([Fixture.edge, Fixture.cheap, Fixture.dear, narrow], policy: policy)
        let step = Fixture.step(needs: [.vision])
        #expect(try candidate("cheap", context: context).rejection == "not allowed by policy.models")
        #expect(try #require(candidate("edge", context: context).rejection).contains("policy.placement is cloud_only"))
        #expect(try candidate("dear", step: step, context: context).rejection == "has no capability 'vision'")
        #expect(
            try #require(candidate("narrow", context: context).rejection).contains("does not fit its context of 100"))
        #expect(try candidate("dear", context: context).rejection == nil)
    }

    @Test("a model without a price for output is no candidate")
    func unpriced() throws {
        let price = Price(tiers: [.standard: Rates([.input: .zero])], source: "test", asOf: Fixture.day)
        let context = Fixture.context([PricedModel(model: Fixture.model("free?"), price: price)])
        #expect(try #require(candidate("free?", context: context).rejection).contains("no price for 'output'"))
    }
}
