import Testing

@testable import Domain
@testable import Estimation
@testable import Training

@Suite struct AbridgedTextTests {
    @Test("a prompt is read whole up to 8,000 bytes, and at its two ends beyond")
    func ends() {
        let whole = StepText(prompt: String(repeating: "a", count: 8000), tools: "[]", history: "h")
        #expect(whole.abridged == whole)
        let long = StepText(
            prompt: String(repeating: "a", count: 7000) + String(repeating: "b", count: 90_000) + "end", tools: "[]",
            history: "h")
        #expect(long.abridged.prompt.hasPrefix(String(repeating: "a", count: 6000) + "\n"))
        #expect(long.abridged.prompt.hasSuffix("bend"))
        #expect(long.abridged.prompt.utf8.count == 8001)
        #expect(long.abridged.tools == "[]")
        #expect(long.abridged.history == "h")
    }

    @Test("a cut within a character leaves a text that can be read")
    func characters() {
        let long = StepText(prompt: "x" + String(repeating: "\u{e9}", count: 10_000))
        #expect(long.abridged.prompt.utf8.count <= 8007)
        #expect(!NGrams(of: long.abridged.estimatedTexts).words.isEmpty)
    }

    @Test("the middle of a very long prompt changes no prediction")
    func middle() throws {
        let known = try SyntheticPanel.trained.get()
        func quality(_ middle: String) throws -> Double {
            let text =
                String(repeating: "How many apples are two apples? ", count: 200) + middle
                + String(repeating: "Count the apples. ", count: 200)
            let features = known.features(of: StepText(prompt: text))
            return try #require(known.predict(features, for: ModelID("weak"))).quality
        }
        #expect(try quality("") == quality(String(repeating: "Integrate the manifold. ", count: 5000)))
    }
}
