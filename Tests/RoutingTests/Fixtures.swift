import Domain
import Routing

/// A small catalog for tests: one edge model, one cheap and one expensive cloud model.
enum Fixture {
    static let day = CalendarDay(daysSinceEpoch: 20_778)

    static func model(
        _ id: String, placement: Placement = .cloud, tier: QualityTier = .medium, context: Int = 100_000,
        capabilities: Set<Capability> = [.tools, .streaming], promptCache: PromptCache = .kept, speed: Double = 50,
        images: ImageTokens? = nil
    ) -> Model {
        Model(
            id: ModelID(id), provider: "test",
            endpoint: Endpoint(baseURL: "http://127.0.0.1:9/v1", wire: .openAI, modelName: id, keyVariable: nil),
            placement: placement, tier: tier, contextTokens: context, maxOutputTokens: 1000,
            capabilities: capabilities, images: images, prices: [],
            energy: placement == .edge
                ? EnergyUse(
                    joulesPerPrefillToken: 0.1, joulesPerDecodeToken: 1, idleWatts: 0, provenance: .estimated,
                    source: "test") : nil,
            amortisation: placement == .edge ? Amortisation(nanoUSDPerBusySecond: 1000, source: "test") : nil,
            promptCache: promptCache,
            speed: Speed(
                overheadSeconds: 0.5, prefillTokensPerSecond: 1000, decodeTokensPerSecond: speed,
                provenance: .estimated))
    }

    /// Prices in nano-USD a token.
    static func priced(_ model: Model, input: Int64, output: Int64) -> PricedModel {
        let rates = Rates([
            .input: UnitPrice(nanoUSDPerMillion: input * 1_000_000),
            .output: UnitPrice(nanoUSDPerMillion: output * 1_000_000),
        ])
        return PricedModel(model: model, price: Price(tiers: [.standard: rates], source: "test", asOf: day))
    }

    static let edge = priced(model("edge", placement: .edge, tier: .small), input: 0, output: 0)
    static let cheap = priced(model("cheap"), input: 100, output: 400)
    static let dear = priced(model("dear", tier: .frontier), input: 3000, output: 15_000)

    static func step(position: Int = 1, needs: Set<Capability> = [], previous: String? = nil) -> Step {
        Step(
            id: "step", runID: "run", position: position, text: StepText(prompt: "What is 2 + 2?"), promptTokens: 100,
            promptTokensAtMost: 400, needs: needs, previousModel: previous.map { ModelID($0) },
            cachedTokens: previous == nil ? 0 : 80)
    }

    static func context(
        _ models: [PricedModel] = [edge, cheap, dear], policy: Policy = Policy(kappa: .published),
        remaining: Remaining? = nil,
        horizon: Int = 1
    ) -> RoutingContext {
        RoutingContext(
            models: models, economics: .standard, policy: policy, remaining: remaining ?? Remaining(of: policy),
            horizon: horizon, catalogVersion: "test")
    }
}

/// Returns the estimates that a test sets.
struct FixedEstimator: Estimating, StepEstimates {
    var quality: [String: Double]
    /// Step similarity; the ratio of qualities by default.
    var similarity: [String: Double] = [:]
    var requestSimilarity: [String: Double] = [:]
    /// Similarity of both models' outputs that many steps ahead.
    var later: [String: [Int: Double]] = [:]

    func similarity(of model: Model, ahead steps: Int, to reference: Model, ahead others: Int) -> Double? {
        steps == others ? later[model.id.rawValue]?[steps] : nil
    }

    func estimates(of text: StepText, for models: [Model]) -> any StepEstimates { self }

    func prediction(for model: Model) -> Prediction {
        Prediction(
            quality: quality[model.id.rawValue] ?? 0.5, deviation: 0.1, outputTokens: OutputTokens(mean: 100, p95: 300),
            basis: .prior(model.tier))
    }

    func stepSimilarity(of model: Model, to reference: Model) -> Double {
        similarity[model.id.rawValue]
            ?? Similarity.expected(prediction(for: model).quality, reference: prediction(for: reference).quality)
    }

    func requestSimilarity(of model: Model, to reference: Model) -> Double {
        requestSimilarity[model.id.rawValue] ?? 0
    }
}
