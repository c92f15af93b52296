import Catalog
import Domain
import Foundation
import Testing

@Suite("The catalog that comes with hera")
struct ShippedCatalogTests {
    /// The repository's Catalog folder, found from this file.
    static let directory = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Catalog").path

    @Test("has no problem")
    func clean() throws {
        let problems = try CatalogLint.problems(directory: Self.directory, today: testDay())
        #expect(problems == [], "\(problems.map(\.description).joined(separator: "\n"))")
    }

    @Test("has two dozen models of five providers, and edge models with their energy")
    func breadth() throws {
        let models = try ModelCatalog.load(directory: Self.directory, today: testDay()).models
        let cloud = models.filter { $0.placement == .cloud }
        let edge = models.filter { $0.placement == .edge }
        #expect(cloud.count >= 24)
        #expect(Set(cloud.map(\.provider)).count >= 5)
        #expect(edge.count >= 5)
        #expect(edge.allSatisfy { $0.energy != nil && $0.amortisation != nil && $0.slots != nil })
        #expect(cloud.allSatisfy { $0.endpoint.keyVariable != nil && $0.endpoint.baseURL.hasPrefix("https://") })
        #expect(models.contains { $0.profile != nil && $0.placement == .cloud })
        #expect(models.contains { $0.profile != nil && $0.placement == .edge })
    }

    @Test("is described by examples that parse")
    func readme() throws {
        let text = try String(contentsOfFile: Self.directory + "/README.md", encoding: .utf8)
        let blocks = text.components(separatedBy: "```").enumerated().filter { $0.offset % 2 == 1 }
            .map { $0.element.replacing("yaml\n", with: "") }
        try #require(blocks.count == 2)
        let costs = try #require(CatalogFixture.edge.range(of: "    energy:"))
        let speed = try #require(CatalogFixture.edge.range(of: "    speed:"))
        let edge =
            CatalogFixture.edge[..<costs.lowerBound] + CatalogFixture.edge[speed.lowerBound...] + "\n" + blocks[1]
        let fixture = try CatalogFixture(["cloud.yaml": blocks[0], "edge.yaml": String(edge)])
        #expect(try fixture.problems(today: testDay()) == [])
    }

    @Test("charges nothing per token on the edge, and something for every token in the cloud")
    func prices() throws {
        let day = try testDay()
        for model in try ModelCatalog.load(directory: Self.directory, today: day).models {
            let rates = try model.price(on: day).rates(promptTokens: 1)
            // An embedding model writes no tokens.
            let classes: [UsageClass] = model.capabilities.contains(.embeddings) ? [.input] : [.input, .output]
            let perToken = classes.compactMap { rates.price(of: $0) }
            #expect(perToken.count == classes.count)
            #expect(perToken.allSatisfy { ($0 == .zero) == (model.placement == .edge) }, "\(model.id)")
        }
    }

    @Test("has cheaper batch prices for every model with a batch API")
    func batches() throws {
        let day = try testDay()
        let models = try ModelCatalog.load(directory: Self.directory, today: day).models
        let able = models.filter { $0.endpoint.batches != nil }
        #expect(Set(able.map(\.provider)) == ["openai", "anthropic"])
        for model in able where model.provider == "anthropic" {
            let price = try model.price(on: day)
            let usage = Usage(input: 1000, output: 100)
            #expect(try price.cost(of: usage, tier: .batch) < price.cost(of: usage), "\(model.id)")
        }
    }

    @Test("names the demo's servers as they name themselves")
    func demo() throws {
        let catalog = try ModelCatalog.load(directory: Self.directory, today: testDay())
        let small = try #require(catalog[ModelID("local/smollm2-135m")])
        let large = try #require(catalog[ModelID("local/qwen2.5-coder-1.5b")])
        #expect(small.endpoint.modelName == "smollm2-135m-instruct")
        #expect(small.endpoint.baseURL == "http://127.0.0.1:8080/v1")
        #expect(large.endpoint.modelName == "qwen2.5-coder-1.5b-instruct")
        #expect(large.endpoint.baseURL == "http://127.0.0.1:8081/v1")
    }
}
