import Catalog
import Core

/// A catalog of two cloud models on one scripted server: a cheap one and a dear, better one.
enum TestModels {
    static let cheap = ModelID("test/cheap")
    static let dear = ModelID("test/dear")

    /// 1 USD per million prompt tokens and 2 per million of the answer; the dear one ten times that. Half of it as flex.
    static func catalog(baseURL: String, today: CalendarDay) -> Catalog {
        Catalog(
            models: [
                model(cheap, tier: .medium, input: 1, output: 2, baseURL: baseURL, today: today),
                model(dear, tier: .frontier, input: 10, output: 20, baseURL: baseURL, today: today),
            ], version: "test")
    }

    private static func model(
        _ id: ModelID, tier: QualityTier, input: Int64, output: Int64, baseURL: String, today: CalendarDay
    ) -> Model {
        func rates(_ million: Int64) -> Rates {
            Rates([
                .input: UnitPrice(nanoUSDPerMillion: input * million),
                .output: UnitPrice(nanoUSDPerMillion: output * million),
            ])
        }
        return Model(
            id: id, provider: "test",
            endpoint: Endpoint(baseURL: baseURL, wire: .openAI, modelName: id.rawValue, keyVariable: nil),
            placement: .cloud, tier: tier, contextTokens: 100_000, maxOutputTokens: 1000,
            capabilities: [.tools, .streaming],
            prices: [
                Price(
                    tiers: [.standard: rates(1_000_000_000), .flex: rates(500_000_000)], source: "test", asOf: today)
            ],
            speed: Speed(
                overheadSeconds: 0.1, prefillTokensPerSecond: 1000, decodeTokensPerSecond: 100, provenance: .estimated))
    }
}
