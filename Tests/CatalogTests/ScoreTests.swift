import Domain
import Foundation
import Testing

@testable import Catalog

@Suite struct ScoreTests {
    private let today = CalendarDay(daysSinceEpoch: 20_787)

    private static let scores = """
        benchmarks:
          eci: {about: "index", unit: points, least: 60, most: 200, kind: general}
          mmlu_pro: {about: "questions", unit: share, least: 0, most: 1, kind: knowledge}
        models:
          one:
            - {benchmark: eci, score: 150, effort: high, source: "Epoch", as_of: 2026-09-27, licence: CC-BY-4.0}
            - {benchmark: mmlu_pro, score: 0.8, nearest: "one-2025", deviation: 0.02, source: "x", as_of: 2026-01-02, licence: fact}
        lengths:
          one: {factor: 4, effort: medium, chat: 750, reasoning: 1190, agent_step: 590, basis: "measured"}
        """

    private func fixture(replacing line: String = "", with replacement: String = "") throws -> CatalogFixture {
        var text = Self.scores
        if let range = text.range(of: line) { text.replaceSubrange(range, with: replacement) }
        return try CatalogFixture(["test.yaml": CatalogFixture.cloud, "scores.yaml": text])
    }

    private func problem(_ line: String, _ replacement: String) throws -> CatalogProblem {
        let problems = try fixture(replacing: line, with: replacement).problems(today: today)
        #expect(problems.count == 1)
        return try #require(problems.first)
    }

    @Test("scores and lengths are attached to the model of an alias")
    func attached() throws {
        let catalog = try fixture().load(today: today)
        let record = try #require(catalog[ModelID("acme/one")]?.published)
        #expect(record.scores.map(\.benchmark) == ["eci", "mmlu_pro"])
        #expect(record.scores.first?.effort == .high)
        #expect(record.scores.last?.nearest == "one-2025")
        #expect(record.lengths?.reasoning == 1190)
        #expect(record.effort == .medium)
        #expect(catalog.warnings.isEmpty)
    }

    @Test("a catalog without a file of scores is complete")
    func withoutScores() throws {
        let catalog = try CatalogFixture(CatalogFixture.cloud).load(today: today)
        #expect(catalog[ModelID("one")]?.published == nil)
        #expect(catalog.warnings.isEmpty)
    }

    @Test("an unknown benchmark is an error that names the nearest one, with its line")
    func unknownBenchmark() throws {
        let problem = try problem("benchmark: mmlu_pro", "benchmark: mmlu_prp")
        #expect(problem.file == "scores.yaml")
        #expect(problem.line == 7)
        #expect(problem.severity == .error)
        #expect(problem.suggestion.contains("`mmlu_pro`"))
    }

    @Test("a percentage in place of a share is an error that says the share")
    func percentage() throws {
        let problem = try problem("score: 0.8", "score: 80")
        #expect(problem.message.contains("outside of mmlu_pro's range"))
        #expect(problem.suggestion.contains("score: 0.8"))
    }

    @Test("a score that is no number is an error", arguments: ["nan", "inf", "high"])
    func noNumber(_ text: String) throws {
        #expect(try problem("score: 150", "score: \(text)").message.contains("is not a number"))
    }

    @Test("scores of a model that is in no catalog are a warning that names the nearest model")
    func unknownModel() throws {
        let text = Self.scores.replacingOccurrences(of: "  one:", with: "  onee:")
        let problems = try CatalogFixture(["test.yaml": CatalogFixture.cloud, "scores.yaml": text])
            .problems(today: today)
        let warning = try #require(problems.first { $0.message.contains("'onee'") })
        #expect(warning.line == 5)
        #expect(warning.severity == .warning)
        #expect(warning.suggestion.contains("`one`"))
        #expect(
            problems.contains { $0.severity == .warning && $0.message.contains("'acme/one' has no published score") })
    }

    @Test("a catalog without the file of a provider loads, although the file of scores names its models")
    func removedProvider() throws {
        let catalog = try CatalogFixture(["edge.yaml": CatalogFixture.edge, "scores.yaml": Self.scores])
            .load(today: today)
        #expect(catalog.models.map(\.id) == [ModelID("local/small")])
        let warning = try #require(catalog.warnings.first { $0.message.contains("'one'") })
        #expect(warning.file == "scores.yaml")
        #expect(warning.line == 5)
    }

    @Test("a record is found by its name, or by a model's id without the provider")
    func recordByID() throws {
        let record = PublishedRecord(scores: [], lengths: nil, effort: .low)
        let other = PublishedRecord(scores: [], lengths: nil, effort: .high)
        let book = ScoreBook(records: ["one": record, "acme/two": other])
        #expect(book.record(named: "one")?.effort == .low)
        #expect(book.record(named: "acme/one")?.effort == .low)
        #expect(book.record(named: "acme/two")?.effort == .high)
        #expect(book.record(named: "two") == nil)
    }

    @Test("two different scores of one benchmark at one effort contradict each other")
    func contradiction() throws {
        let line = "    - {benchmark: eci, score: 140, effort: high, source: \"x\", as_of: 2026-01-02, licence: fact}\n"
        let problem = try problem("lengths:", line + "lengths:")
        #expect(problem.message.contains("150.0 and 140.0"))
    }

    @Test("a deviation without the model that was measured is an error")
    func deviation() throws {
        #expect(try problem("nearest: \"one-2025\", ", "").message.contains("stands without `nearest`"))
    }

    @Test("every shipped model that chats has published scores and lengths, and the panels' file is valid")
    func shipped() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
        let catalog = try ModelCatalog.load(directory: root + "/Catalog", today: today)
        for model in catalog.models where !model.capabilities.contains(.embeddings) {
            #expect(model.published?.scores.isEmpty == false, "\(model.id)")
            #expect(model.published?.lengths != nil, "\(model.id)")
        }
        let panels = try ScoreFile.read(path: root + "/Profiles/scores/panels.yaml").book
        #expect(panels.panels["knowledge"]?.ceiling == 0.91)
        #expect(panels.records.count > 50)
    }
}
