import Catalog
import Domain
import Routing
import TestSupport

/// A catalog of two cloud models on one scripted server: a cheap one and a dear, better one.
enum TestModels {
    static let cheap = ModelID("test/cheap")
    static let dear = ModelID("test/dear")
    /// The dear model's equal, on an Anthropic server.
    static let claude = ModelID("test/claude")
    /// An embeddings model.
    static let vectors = ModelID("test/vectors")
    /// The model names that the server lists.
    static let served = ["test/cheap", "test/dear", "claude-test", "vectors-test"]

    /// 1 USD per million prompt tokens and 2 per million output tokens; the dear model costs ten times that. Flex costs
    /// half.
    static func catalog(baseURL: String, today: CalendarDay) -> ModelCatalog {
        ModelCatalog(
            models: [
                model(cheap, tier: .medium, input: 1, output: 2, baseURL: baseURL, today: today),
                model(
                    dear, tier: .frontier, input: 10, output: 20, baseURL: baseURL, today: today,
                    capabilities: [.tools, .streaming, .choices, .pdf]),
            ], version: "test")
    }

    /// The cheap model, one in Anthropic's dialect with cache writes at 12.5 USD, and an embeddings model.
    static func mixed(baseURL: String, today: CalendarDay) -> ModelCatalog {
        ModelCatalog(
            models: [
                model(cheap, tier: .medium, input: 1, output: 2, baseURL: baseURL, today: today),
                model(
                    claude, tier: .frontier, input: 10, output: 20, baseURL: baseURL, today: today, wire: .anthropic,
                    served: "claude-test",
                    capabilities: [.tools, .streaming, .vision, .pdf]),
                model(
                    vectors, tier: .small, input: 1, output: 0, baseURL: baseURL, today: today, served: "vectors-test",
                    capabilities: [.embeddings]),
            ], version: "test")
    }

    /// One model that works at medium effort unasked, and can be asked for low.
    static func thinking(baseURL: String, today: CalendarDay) -> ModelCatalog {
        func level(_ effort: MeasuredEffort, _ length: Double) -> EffortLevel {
            EffortLevel(
                effort: effort, parameters: EffortParameters(reasoningEffort: effort.rawValue), length: length,
                source: "test")
        }
        return ModelCatalog(
            models: [
                model(
                    dear, tier: .frontier, input: 1, output: 20, baseURL: baseURL, today: today,
                    efforts: [level(.low, 1), level(.medium, 5)])
            ], version: "test")
    }

    private static func model(
        _ id: ModelID, tier: QualityTier, input: Int64, output: Int64, baseURL: String, today: CalendarDay,
        wire: WireFormat = .openAI, served: String? = nil, capabilities: Set<Capability> = [.tools, .streaming],
        efforts: [EffortLevel] = []
    ) -> Model {
        func rates(_ million: Int64) -> Rates {
            Rates([
                .input: UnitPrice(nanoUSDPerMillion: input * million),
                .output: UnitPrice(nanoUSDPerMillion: output * million),
                .cacheWrite5m: UnitPrice(nanoUSDPerMillion: input * million * 5 / 4),
            ])
        }
        return Model(
            id: id, provider: "test",
            endpoint: Endpoint(
                baseURL: baseURL, wire: wire, modelName: served ?? id.rawValue, keyVariable: nil),
            placement: .cloud, tier: tier, contextTokens: 100_000, maxOutputTokens: 1000,
            capabilities: capabilities,
            prices: [
                Price(
                    tiers: [.standard: rates(1_000_000_000), .flex: rates(500_000_000)], source: "test", asOf: today)
            ],
            speed: Speed(
                overheadSeconds: 0.1, prefillTokensPerSecond: 1000, decodeTokensPerSecond: 100, provenance: .estimated),
            efforts: efforts, published: efforts.isEmpty ? nil : PublishedRecord(scores: [], effort: .medium))
    }
}

/// An estimator with fixed predictions for `test/cheap` and `test/dear`.
struct TestEstimator: Estimating, StepEstimates {
    var cheapQuality = 0.6
    var dearQuality = 0.8
    /// Agreement of the cheap model's answer with the dear one's.
    var similarity = 0.9
    /// Acceptance probability of an answer, by model and text.
    var acceptance: @Sendable (ModelID, String) -> Double? = { _, _ in nil }

    func estimates(of text: StepText, for models: [Model]) -> any StepEstimates { self }

    func prediction(for model: Model) -> Prediction {
        Prediction(
            quality: model.id == TestModels.cheap ? cheapQuality : dearQuality, deviation: 0.1,
            outputTokens: OutputTokens(mean: 100, p95: 300), basis: .prior(model.tier))
    }

    func stepSimilarity(of model: Model, to reference: Model) -> Double { similarity }

    func requestSimilarity(of model: Model, to reference: Model) -> Double { 0 }

    func acceptance(of answers: [(model: Model, output: String)]) -> Double? {
        answers.last.flatMap { acceptance($0.model.id, $0.output) }
    }
}
