import Catalog
import Domain
import Testing

@Suite("Importing a price list")
struct ImportTests {
    /// Imports a list and parses the resulting file.
    private func models(
        _ text: String, _ format: PriceListFormat, selection: PriceListImport.Selection = .init()
    ) throws -> (list: PriceListImport, catalog: ModelCatalog) {
        let list = try PriceListImport(Array(text.utf8), format: format, selection: selection, today: testDay())
        return (list, try CatalogFixture(list.yaml).load(today: testDay()))
    }

    private func rates(_ model: Model?, tier: ServiceTier = .standard, promptTokens: Int = 1) throws -> Rates {
        try #require(model).price(on: testDay()).rates(tier: tier, promptTokens: promptTokens)
    }

    @Test("of LiteLLM converts prices per token to exact prices per million")
    func liteLLM() throws {
        let (list, catalog) = try models(PriceLists.liteLLM, .litellm)
        #expect(
            catalog.models.map(\.id.rawValue) == ["anthropic/claude-test", "google/gemini-test", "openai/gpt-test"])
        #expect(list.count == 3)
        let gpt = try #require(catalog[ModelID("openai/gpt-test")])
        #expect(
            try rates(gpt).prices == [
                .input: UnitPrice(usdPerMillion: "0.15"), .output: UnitPrice(usdPerMillion: "0.6"),
                .cachedRead: UnitPrice(usdPerMillion: "0.0375"),
            ])
        #expect(try rates(gpt, tier: .batch).prices[.input] == UnitPrice(usdPerMillion: "0.075"))
        #expect(try rates(gpt, tier: .priority).prices[.output] == UnitPrice(usdPerMillion: "1"))
        let long = try gpt.price(on: testDay())
        let (dear, cheap) = (try UnitPrice(usdPerMillion: "2"), try UnitPrice(usdPerMillion: "0.3"))
        #expect(long.rates(tier: .priority, promptTokens: 64_001).prices[.output] == dear)
        #expect(long.rates(tier: .batch, promptTokens: 64_001).prices[.input] == cheap)
        #expect(gpt.capabilities == [.tools, .vision, .streaming])
        #expect(gpt.endpoint.keyVariable == "OPENAI_API_KEY" && gpt.endpoint.modelName == "gpt-test")
        #expect(gpt.contextTokens == 128_000 && gpt.maxOutputTokens == 16_384)

        let claude = try #require(catalog[ModelID("anthropic/claude-test")])
        #expect(claude.endpoint.wire == .anthropic)
        #expect(try rates(claude).prices[.cacheWrite1h] == UnitPrice(usdPerMillion: "2"))

        let gemini = catalog[ModelID("google/gemini-test")]
        #expect(try rates(gemini, promptTokens: 200_001).prices[.output] == UnitPrice(usdPerMillion: "15"))
        #expect(try rates(gemini).prices[.reasoning] == nil, "a class listed at 0 is billed as output, not free")
        #expect(try #require(gemini).price(on: testDay()).tiers[.priority] == nil)
    }

    @Test("skips entries without a price, and says why")
    func skipped() throws {
        let (list, _) = try models(PriceLists.liteLLM, .litellm)
        #expect(
            list.skipped == [
                .notChat: ["text-embedding-test"], .unpriced: ["no-output-price", "null-price"],
                .free: ["zero-price"], .retired: ["old-model"], .inexact: ["noisy-price"], .noContext: ["endless"],
                .noAddress: ["somewhere-model"], .repeated: ["gemini-test"],
            ])
        #expect(list.skippedText.contains("2 no price (no-output-price, null-price)"))
    }

    @Test("imports models listed at 0 only on request")
    func free() throws {
        var selection = PriceListImport.Selection()
        selection.includesFree = true
        selection.only = GlobPattern("zero-*")
        let (_, catalog) = try models(PriceLists.liteLLM, .litellm, selection: selection)
        #expect(try rates(catalog[ModelID("openai/zero-price")]).prices[.output] == .zero)
    }

    @Test("uses the given address for unknown providers")
    func address() throws {
        var selection = PriceListImport.Selection()
        selection.provider = "somewhere"
        selection.address = ProviderAddress(baseURL: "http://127.0.0.1:9/v1/", keyVariable: nil)
        let (_, catalog) = try models(PriceLists.liteLLM, .litellm, selection: selection)
        #expect(catalog.models.map(\.endpoint.baseURL) == ["http://127.0.0.1:9/v1"])
    }

    @Test("selects by provider and by name", arguments: [("gemini", 1), ("google", 1), ("groq", 0)])
    func selection(provider: String, count: Int) throws {
        var selection = PriceListImport.Selection()
        selection.provider = provider
        selection.only = GlobPattern("google/gem*-test")
        let list = try PriceListImport(
            Array(PriceLists.liteLLM.utf8), format: .litellm, selection: selection, today: testDay())
        #expect(list.count == count)
    }

    @Test("of OpenRouter parses strings, and skips variable or absent prices")
    func openRouter() throws {
        let (list, catalog) = try models(PriceLists.openRouter, .openrouter)
        #expect(
            list.skipped == [
                .free: ["acme/writer:free"], .unpriced: ["other/router", "other/unpriced"],
                .notChat: ["other/painter"],
            ])
        let model = try #require(catalog[ModelID("openrouter/acme/writer:beta")])
        #expect(
            try rates(model).prices == [
                .input: UnitPrice(usdPerMillion: "0.4"), .output: UnitPrice(usdPerMillion: "1.6"),
                .cachedRead: UnitPrice(usdPerMillion: "0.1"), .request: UnitPrice(usdPerUnit: "0.005"),
            ])
        #expect(model.capabilities == [.tools, .vision, .streaming])
        #expect(model.endpoint.modelName == "acme/writer:beta")
        #expect(model.maxOutputTokens == model.contextTokens)
    }

    @Test("of models.dev keeps prices per million, both forms of context tiers and the list's address")
    func modelsDev() throws {
        let (list, catalog) = try models(PriceLists.modelsDev, .modelsDev)
        #expect(list.skipped == [.unpriced: ["costless"], .retired: ["gone"], .notChat: ["speaker"]])
        let one = try #require(catalog[ModelID("acme/one")])
        #expect(one.endpoint.baseURL == "https://api.acme.example/v1" && one.endpoint.keyVariable == "ACME_KEY")
        #expect(one.capabilities == [.tools, .reasoning, .audio, .streaming])
        #expect(try rates(one).prices[.audioInput] == UnitPrice(usdPerMillion: "2.5"))
        #expect(try rates(one, promptTokens: 200_001).prices[.cachedRead] == UnitPrice(usdPerMillion: "0.25"))
        let two = catalog[ModelID("acme/two")]
        #expect(try rates(two).prices[.input] == UnitPrice(usdPerMillion: "0.0375"))
        #expect(try rates(two, promptTokens: 32_001).prices[.input] == UnitPrice(usdPerMillion: "0.075"))
    }

    @Test(
        "of another format is refused with a hint",
        arguments: [
            (PriceLists.openRouter, PriceListFormat.litellm, "litellm_provider"),
            (PriceLists.liteLLM, .openrouter, "no `data`"),
            (PriceLists.liteLLM, .modelsDev, "no providers with `models`"),
            ("[1", .litellm, "no JSON: invalid JSON at line 1"),
        ])
    func wrongFormat(text: String, format: PriceListFormat, says: String) throws {
        let error = try #require(throws: PriceListError.self) {
            try PriceListImport(Array(text.utf8), format: format, today: testDay())
        }
        #expect("\(error)".contains(says))
    }
}

@Suite("Name patterns")
struct GlobPatternTests {
    @Test("agree with the obvious recursive definition on all short patterns and names")
    func exhaustive() {
        let patterns = Self.words(of: ["a", "b", "*", "?"], upTo: 5)
        let names = Self.words(of: ["a", "b"], upTo: 5)
        var differences = 0
        for pattern in patterns {
            let glob = GlobPattern(pattern)
            for name in names where glob.matches(name) != Self.matches(pattern[...], name[...]) { differences += 1 }
        }
        #expect(differences == 0)
    }

    private static func words(of letters: [String], upTo length: Int) -> [String] {
        (0..<length).reduce(into: [""]) { words, _ in
            words = Array(Set(words + words.flatMap { word in letters.map { word + $0 } }))
        }
    }

    private static func matches(_ pattern: Substring, _ name: Substring) -> Bool {
        guard let first = pattern.first else { return name.isEmpty }
        if first == "*" {
            return matches(pattern.dropFirst(), name) || !name.isEmpty && matches(pattern, name.dropFirst())
        }
        return !name.isEmpty && (first == "?" || first == name.first) && matches(pattern.dropFirst(), name.dropFirst())
    }
}
