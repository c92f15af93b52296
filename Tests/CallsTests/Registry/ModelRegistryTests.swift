import Calls
import Catalog
import Domain
import Routing
import TestSupport
import Testing

@Suite("Models in use")
struct ModelRegistryTests {
    private static let now = Timestamp(milliseconds: 1_700_000_000_000)

    private static func model(_ id: String, outputPrice: Int64) -> Model {
        let rates = Rates([.input: .zero, .output: UnitPrice(nanoUSDPerMillion: outputPrice)])
        return Model(
            id: ModelID(id), provider: "p",
            endpoint: Endpoint(baseURL: "http://127.0.0.1:1", wire: .openAI, modelName: id, keyVariable: nil),
            placement: .edge, tier: .small, contextTokens: 1000, maxOutputTokens: 100, capabilities: [],
            prices: [Price(tiers: [.standard: rates], source: "t", asOf: now.day)], slots: 1,
            speed: Speed(
                overheadSeconds: 0, prefillTokensPerSecond: 1, decodeTokensPerSecond: 1, provenance: .estimated))
    }

    private static func catalog(_ models: [Model]) -> ModelCatalog { ModelCatalog(models: models, version: "t") }

    @Test("a replaced catalog holds at once: with new prices, and without the models that left it")
    func replacement() {
        let registry = ModelRegistry(
            catalog: Self.catalog([Self.model("kept", outputPrice: 1000), Self.model("gone", outputPrice: 1000)]),
            energy: nil)
        registry.update([ModelID("kept"): .live, ModelID("gone"): .live])
        #expect(registry.models(at: Self.now).count == 2)
        registry.replace(
            Self.catalog([Self.model("kept", outputPrice: 2000), Self.model("new", outputPrice: 1000)]))
        let models = registry.models(at: Self.now)
        #expect(models.map(\.model.id) == [ModelID("kept")])
        #expect(models.map { $0.price[.standard]?.price(of: .output)?.nanoUSDPerMillion } == [2000])
        registry.update([ModelID("new"): .live])
        #expect(registry.models(at: Self.now).map(\.model.id) == [ModelID("kept"), ModelID("new")])
    }
}
