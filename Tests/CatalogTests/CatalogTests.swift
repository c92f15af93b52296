import Catalog
import Domain
import Foundation
import Testing

@Suite("A catalog")
struct CatalogTests {
    @Test("holds exactly what the files contain")
    func loads() throws {
        let fixture = try CatalogFixture(["cloud.yaml": CatalogFixture.cloud, "edge.yaml": CatalogFixture.edge])
        let catalog = try fixture.load(today: testDay())
        #expect(catalog.models.map(\.id.rawValue) == ["acme/one", "local/small"])
        let cloud = try #require(catalog[ModelID("acme/one")])
        #expect(
            cloud.endpoint
                == Endpoint(
                    baseURL: "https://api.acme.example/v1", wire: .openAI, modelName: "one-2026",
                    keyVariable: "ACME_API_KEY"))
        #expect(cloud.placement == .cloud && cloud.tier == .large && cloud.provider == "acme")
        #expect(cloud.contextTokens == 128_000 && cloud.maxOutputTokens == 16_384)
        #expect(cloud.capabilities == [.tools, .streaming])
        #expect(cloud.energy == nil && cloud.slots == nil && cloud.speed.provenance == .estimated)
        let price = try cloud.price(on: testDay())
        #expect(price.rates(promptTokens: 1).price(of: .cachedRead)?.nanoUSDPerMillion == 37_500_000)
        #expect(price.rates(tier: .batch, promptTokens: 1).price(of: .output)?.nanoUSDPerMillion == 300_000_000)
        #expect(price.source == "Acme's price page")

        let edge = try #require(catalog[ModelID("local/small")])
        #expect(edge.endpoint.keyVariable == nil && edge.slots == 2)
        #expect(cloud.promptCache == .kept && edge.promptCache == .none)
        #expect(edge.energy?.joulesPerDecodeToken == 0.05 && edge.energy?.provenance == .measured)
        #expect(edge.amortisation?.nanoUSDPerBusySecond == 991)
        #expect(edge.speed.decodeTokensPerSecond == 75)
        #expect(try edge.price(on: testDay()).cost(of: Usage(input: 9, output: 9)) == .zero)
    }

    @Test("finds models by alias, and none by an unknown name")
    func aliases() throws {
        let catalog = try CatalogFixture(CatalogFixture.cloud).load(today: testDay())
        #expect(catalog[ModelID("one")]?.id.rawValue == "acme/one")
        #expect(catalog[ModelID("two")] == nil)
    }

    @Test("keeps decimals that a double cannot hold")
    func exact() throws {
        let fixture = try CatalogFixture(CatalogFixture.cloud, replacing: "0.15", with: "1234567.123456789")
        let model = try #require(fixture.load(today: testDay())[ModelID("one")])
        #expect(model.prices.first?.tiers[.standard]?.price(of: .input)?.nanoUSDPerMillion == 1_234_567_123_456_789)
    }

    @Test("prices a fee per call in USD per call")
    func request() throws {
        let fixture = try CatalogFixture(
            CatalogFixture.cloud, replacing: "input: 0.15", with: "input: 0\n      request: 0.005")
        let model = try #require(fixture.load(today: testDay())[ModelID("one")])
        #expect(try model.price(on: testDay()).cost(of: Usage(input: 5)) == Money(usd: "0.005"))
    }

    @Test("uses the day's price from a list of prices, and keeps the others")
    func validity() throws {
        let list = """
                prices:
                  - {input: 2, output: 4, source: old, as_of: 2026-01-01, valid_until: 2026-11-20}
                  - {input: 1, output: 3, source: new, as_of: 2026-11-21, valid_from: 2026-11-21}
            """
        let head = try #require(CatalogFixture.cloud.range(of: "    prices:"))
        let fixture = try CatalogFixture(String(CatalogFixture.cloud[..<head.lowerBound]) + list)
        let model = try #require(fixture.load(today: testDay())[ModelID("one")])
        #expect(model.prices.map(\.source) == ["old", "new"])
        #expect(try model.price(on: testDay()).source == "new")
        #expect(try model.price(on: #require(CalendarDay("2026-11-20"))).source == "old")
    }

    @Test("parses context tiers as changes of the standard price")
    func contextTiers() throws {
        let fixture = try CatalogFixture(
            CatalogFixture.cloud, replacing: "batch: {input: 0.075, output: 0.3}",
            with: "context_tiers:\n        - {above: 200_000, input: 0.3}")
        let price = try #require(fixture.load(today: testDay())[ModelID("one")]).price(on: testDay())
        #expect(price.rates(promptTokens: 200_000).prices[.input]?.nanoUSDPerMillion == 150_000_000)
        #expect(price.rates(promptTokens: 200_001).prices[.input]?.nanoUSDPerMillion == 300_000_000)
        #expect(price.rates(promptTokens: 200_001).prices[.output]?.nanoUSDPerMillion == 600_000_000)
    }

    @Test("parses context tiers of a service tier, which leave the standard prices unchanged")
    func contextTiersOfServiceTiers() throws {
        let fixture = try CatalogFixture(
            CatalogFixture.cloud, replacing: "batch: {input: 0.075, output: 0.3}",
            with: """
                batch: {input: 0.075, output: 0.3}
                      context_tiers:
                        - {above: 200_000, input: 0.3}
                        - {above: 200_000, tier: batch, input: 0.1}
                """)
        let price = try #require(fixture.load(today: testDay())[ModelID("one")]).price(on: testDay())
        func input(_ tier: ServiceTier) -> Int64? {
            price.rates(tier: tier, promptTokens: 200_001).prices[.input]?.nanoUSDPerMillion
        }
        #expect(input(.standard) == 300_000_000)
        #expect(input(.batch) == 100_000_000)
        #expect(input(.flex) == 300_000_000, "billed as standard")
    }

    @Test("parses the upper bound of tokens per image; a model without one has none")
    func images() throws {
        let fixture = try CatalogFixture(
            CatalogFixture.cloud, replacing: "    prices:",
            with: "    images: {most_tokens: 1_600, source: a guide}\n    prices:")
        let model = try #require(fixture.load(today: testDay())[ModelID("one")])
        #expect(model.images == ImageTokens(most: 1600, source: "a guide"))
        #expect(try CatalogFixture(CatalogFixture.cloud).load(today: testDay())[ModelID("one")]?.images == nil)
    }

    @Test("lets a model override the file's defaults")
    func override() throws {
        let fixture = try CatalogFixture(
            CatalogFixture.cloud, replacing: "upstream_name: one-2026",
            with: "upstream_name: one-2026\n    key_variable: ~\n    base_url: http://127.0.0.1:9/v1")
        let model = try #require(fixture.load(today: testDay())[ModelID("one")])
        #expect(model.endpoint.keyVariable == nil && model.endpoint.baseURL == "http://127.0.0.1:9/v1")
        #expect(model.provider == "acme")
    }

    @Test("is refused with all errors at once, and loaded with warnings")
    func errors() throws {
        let broken = try CatalogFixture(
            CatalogFixture.cloud.replacing("0.15", with: "-1").replacing("large", with: "huge"))
        let error = try #require(throws: CatalogError.self) {
            try broken.load(today: testDay())
        }
        #expect(error.problems.map(\.line) == [11, 16])
        #expect("\(error)".hasPrefix("the catalog in \(broken.path) has 2 errors:\n  test.yaml:11: `tier` has"))

        let dear = try CatalogFixture(CatalogFixture.cloud, replacing: "0.0375", with: "0.2")
        #expect(try dear.load(today: testDay()).warnings.map(\.line) == [17])
    }

    @Test("has a version that depends on its contents only")
    func version() throws {
        func version(_ files: [String: String]) throws -> String {
            try CatalogFixture(files).load(today: testDay()).version
        }
        let first = try version(["a.yaml": CatalogFixture.cloud])
        #expect(try version(["a.yaml": CatalogFixture.cloud]) == first)
        #expect(try version(["a.yaml": CatalogFixture.cloud + "\n"]) != first)
        #expect(try version(["b.yaml": CatalogFixture.cloud]) != first)
        #expect(first.utf8.count == 16)
    }
}
