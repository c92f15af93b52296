import Catalog
import Domain
import Testing

@Suite("Levels of effort in catalog files")
struct EffortLevelTests {
    private static let today = CalendarDay(daysSinceEpoch: 20_778)

    private static func fixture(_ levels: String, wire: String = "openai") throws -> CatalogFixture {
        let text = CatalogFixture.cloud.replacing("wire: openai", with: "wire: \(wire)")
            .replacing("    prices:", with: "    efforts:\n\(levels)\n    prices:")
        return try CatalogFixture(text)
    }

    @Test("levels are read with their parameters, the least effort first")
    func levels() throws {
        let catalog = try Self.fixture(
            """
                  high: {reasoning_effort: high, length: 8, source: counted}
                  none: {length: 1.5, source: counted}
                  low: {reasoning_effort: low, verbosity: low, length: 2, source: counted}
            """
        ).load(today: Self.today)
        let levels = try #require(catalog.models.first).efforts
        #expect(levels.map(\.effort) == [.none, .low, .high])
        #expect(levels[0].parameters.isEmpty)
        #expect(levels[1].parameters == EffortParameters(reasoningEffort: "low", verbosity: "low"))
        #expect(levels[2].length == 8)
    }

    @Test(
        "what no server of the format takes, and levels that cannot be told apart, are errors with a suggestion",
        arguments: [
            ("      low: {thinking_budget: 2000, length: 2, source: s}", "openai", "efforts.low.thinking_budget"),
            ("      low: {verbosity: low, length: 2, source: s}", "anthropic", "efforts.low.verbosity"),
            ("      low: {length: 2, source: s}\n      none: {length: 1, source: s}", "openai", "ask for nothing"),
            ("      low: {reasoning_effort: low, source: s}", "openai", "efforts.low.length"),
            ("      lo: {reasoning_effort: low, length: 2, source: s}", "openai", "unknown field `efforts.lo`"),
            ("      low: {reasoning_effort: low, length: 0, source: s}", "openai", "is zero"),
        ])
    func wrong(levels: String, wire: String, words: String) throws {
        let problems = try Self.fixture(levels, wire: wire).problems(today: Self.today)
        #expect(problems.contains { $0.message.contains(words) && !$0.suggestion.isEmpty }, "\(problems)")
    }
}
