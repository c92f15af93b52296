import Domain
import Testing

@testable import Estimation
@testable import Training

@Suite("How tools fit a prompt")
struct ToolFitTests {
    private static func fit(_ prompt: String, _ tools: String) -> [Float] {
        SurfaceCounts.reading(of: StepText(prompt: prompt, tools: tools)).fit
    }

    private static let weather = """
        {"name": "get_weather", "description": "Weather of a city", "parameters": {"type": "object", \
        "properties": {"city": {"type": "string", "description": "the city"}}, "required": ["city"]}}
        """
    private static let stock = """
        {"name": "stock_price", "description": "Price of a share", "parameters": {"type": "object", \
        "properties": {"symbol": {"type": "string"}}, "required": ["symbol"]}}
        """

    @Test("a prompt that has a tool's name fits it better than one about something else")
    func name() {
        let near = Self.fit("What is the weather in the city of Oslo?", "[\(Self.weather)]")
        let far = Self.fit("Solve x squared equals nine", "[\(Self.weather)]")
        // The prompt's two joints, then the best tool's name, description, parameters and coverage.
        #expect(near[2] > far[2])
        #expect(near[5] > far[5])
        #expect(far[2] == 0)
    }

    @Test("the features distinguish the second best tool from the best")
    func second() {
        let one = Self.fit("weather in a city", "[\(Self.weather), \(Self.stock)]")
        let both = Self.fit("weather in a city and the price of a stock symbol", "[\(Self.weather), \(Self.stock)]")
        #expect(one[2] > one[6])
        #expect(both[6] > one[6])
    }

    @Test("OpenAI's wrapping of a tool changes nothing of its fit")
    func wrapped() {
        let bare = Self.fit("weather in a city", "[\(Self.weather)]")
        let wrapped = Self.fit("weather in a city", "[{\"type\": \"function\", \"function\": \(Self.weather)}]")
        #expect(Array(bare[2..<6]) == Array(wrapped[2..<6]))
    }

    @Test("a panel trained before these numbers were read takes as many counts as it knows")
    func olderPanel() throws {
        let set = try SyntheticPanel.trainedPair.get()
        let panel = try #require(set.panels.first)
        let features = set.features(of: StepText(prompt: "anything", tools: "[\(Self.weather)]"))
        var older = panel
        older.countFeatures = SurfaceCounts.count
        let dense = older.dense(features.grams, features.counts(forPanel: 0))
        #expect(
            dense.count == panel.dense(features.grams, features.counts(forPanel: 0)).count - 2 - SurfaceCounts.fitCount)
    }
}
