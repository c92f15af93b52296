import Catalog
import Domain
import Testing

@Suite("A catalog laid over another")
struct OverlayTests {
    private func own(_ text: String) throws -> CatalogFixture { try CatalogFixture(["own.yaml": text]) }

    private func load(_ own: CatalogFixture) throws -> ModelCatalog {
        let shipped = try CatalogFixture(CatalogFixture.cloud)
        return try withExtendedLifetime(shipped) {
            try ModelCatalog.load(directory: shipped.path, adding: own.path, today: testDay())
        }
    }

    @Test("an own entry adds a model")
    func adds() throws {
        let text = CatalogFixture.cloud.replacing("acme/one", with: "acme/two").replacing("[one]", with: "[two]")
        let catalog = try load(try own(text))
        #expect(catalog.models.map(\.id.rawValue) == ["acme/one", "acme/two"])
    }

    @Test("an own entry of a shipped id or alias wins", arguments: ["acme/one", "one"])
    func wins(id: String) throws {
        let text = CatalogFixture.cloud.replacing("id: acme/one", with: "id: \(id)").replacing("[one]", with: "[]")
            .replacing("input: 0.15", with: "input: 9")
        let catalog = try load(try own(text))
        #expect(catalog.models.map(\.id.rawValue) == [id])
        #expect(
            try catalog.models[0].price(on: testDay()).rates(promptTokens: 1).prices[.input]
                == UnitPrice(usdPerMillion: "9"))
    }

    @Test("an own alias is taken from the model that had it")
    func takesAlias() throws {
        let text = CatalogFixture.cloud.replacing("id: acme/one", with: "id: acme/two")
        let catalog = try load(try own(text))
        #expect(catalog[ModelID("one")]?.id == ModelID("acme/two"))
        #expect(catalog[ModelID("acme/one")]?.aliases == [])
    }

    @Test("an own folder may be empty, and its errors name its path")
    func errors() throws {
        let empty = try CatalogFixture([:])
        #expect(try load(empty).models.count == 1)
        let wrong = try own("models: 5\n")
        #expect(throws: CatalogError.self) { try load(wrong) }
        do {
            _ = try load(wrong)
        } catch let error as CatalogError {
            #expect(error.description.contains("\(wrong.path)/own.yaml"))
        }
    }

    @Test("the version changes with an own file")
    func version() throws {
        #expect(try load(try CatalogFixture([:])).version != load(try own(CatalogFixture.cloud)).version)
    }
}

@Suite("A catalog's prices beside a public list's")
struct PriceComparisonTests {
    private static let yaml = """
        provider: openai
        base_url: https://api.openai.com/v1
        wire: openai
        key_variable: OPENAI_API_KEY
        placement: cloud
        models:
          - id: openai/gpt-test
            upstream_name: gpt-test
            tier: small
            context: 128000
            max_output: 16384
            capabilities: [tools, streaming]
            prices:
              input: 0.10   # looked up by hand
              cached_read: 0.0375
              output: 0.7
              source: a page
              as_of: 2026-01-01
          - id: openai/gpt-old
            upstream_name: gpt-old
            tier: small
            context: 128000
            max_output: 16384
            capabilities: [tools, streaming]
            prices: {input: 1, output: 2, source: a page, as_of: 2026-01-01}
        """

    private func comparison() throws -> (PriceComparison, CatalogFixture) {
        let fixture = try CatalogFixture(Self.yaml)
        let catalog = try fixture.load(today: testDay())
        let comparison = try PriceComparison(
            Array(PriceLists.liteLLM.utf8), format: .litellm, catalog: catalog, today: testDay())
        return (comparison, fixture)
    }

    @Test("names what rose, what fell, what is new and what is gone")
    func differences() throws {
        let (comparison, _) = try comparison()
        let changes = comparison.changes.map { change in
            "\(change.unit.rawValue) \(change.isRise ? "up" : "down") \(change.new.usdPerMillionText)"
        }
        #expect(changes == ["input up 0.15", "output down 0.6"])
        #expect(comparison.gone == [ModelID("openai/gpt-old")])
        #expect(comparison.same == 0)
    }

    @Test("an edit changes these prices and the day, and leaves the rest as it was")
    func edit() throws {
        let (comparison, _) = try comparison()
        let edit = try PriceEdit(Self.yaml, changes: comparison.changes, source: "LiteLLM", today: testDay())
        #expect(edit.made.count == 2)
        let old = Self.yaml.split(separator: "\n", omittingEmptySubsequences: false)
        let new = edit.text.split(separator: "\n", omittingEmptySubsequences: false)
        let changed = zip(old, new).filter { $0 != $1 }.map { $1.drop { $0 == " " } }
        let day = try testDay()
        #expect(
            changed == ["input: 0.15  # looked up by hand", "output: 0.6", "source: LiteLLM", "as_of: \(day)"])
        let catalog = try CatalogFixture(edit.text).load(today: testDay())
        let again = try PriceComparison(
            Array(PriceLists.liteLLM.utf8), format: .litellm, catalog: catalog, today: testDay())
        #expect(again.changes == [] && again.same == 1)
    }
}
