import Domain
import Testing

@testable import Estimation

@Suite("Evidence of token probabilities")
struct TokenEvidenceTests {
    private func tokens(_ logarithms: [Double], alternatives: [Double] = []) -> [TokenProbability] {
        logarithms.map { TokenProbability(token: "a", logarithm: $0, alternatives: alternatives) }
    }

    private func fault(_ logarithms: [Double], written: Int = 0) -> TokenEvidence.Fault? {
        #expect(throws: TokenEvidence.Fault.self) { _ = try TokenEvidence(tokens(logarithms), written: written) }
    }

    @Test("a server that says nothing believable is not believed")
    func lies() {
        #expect(fault([Double](repeating: 0, count: 40)) == .allCertain)
        #expect(fault([-0.1, .nan, -0.2]) == .notNumbers)
        #expect(fault([-0.1, 0.7]) == .notNumbers, "a probability above 1")
        #expect(fault([]) == .tooFew)
        #expect(fault([-0.1, -0.2], written: 100) == .tooFew)
    }

    @Test("mean, least and last span are those of the logarithms, and -9999 counts as practically never")
    func figures() throws {
        let evidence = try TokenEvidence(
            tokens([-1] + [Double](repeating: -0.5, count: 8) + [-9999]), written: 10)
        #expect(evidence.least == -20)
        #expect(abs(evidence.mean - (-1 - 4 - 20) / 10) < 1e-12)
        #expect(abs(evidence.ending - (-0.5 * 7 - 20) / 8) < 1e-12)
        #expect(evidence.decisionEntropy == nil)
    }

    @Test("entropy is measured at numbers, letters of choices and names of tools")
    func decisions() throws {
        func evidence(_ words: [String]) throws -> TokenEvidence {
            let half = -0.693_147_180_559_945_3
            return try TokenEvidence(
                words.map { TokenProbability(token: $0, logarithm: half, alternatives: [half, half]) }, written: 1)
        }
        for words in [["so", " 42"], ["B"], ["{\"", "name", "\":", " \"", "search"]] {
            let entropy = try #require(try evidence(words).decisionEntropy)
            #expect(abs(entropy - 0.693_147) < 1e-5)
        }
        #expect(try evidence(["the", " answer"]).decisionEntropy == nil)
    }

    @Test("an answer is measured against the model's own history, so a soft model is not punished for being soft")
    func history() throws {
        var soft = TokenHistory()
        let usual = try TokenEvidence(tokens([-2, -2.2, -1.8]), written: 1)
        let before = soft.standing(of: usual).mean
        for value in 0..<300 {
            soft.record(try TokenEvidence(tokens([-2 + 0.1 * Double(value % 3 - 1)]), written: 1))
        }
        let after = soft.standing(of: usual).mean
        #expect(before < -2)
        #expect(abs(after) < 0.5)
        let certain = try TokenEvidence(tokens([-0.1, -0.1]), written: 1)
        #expect(soft.standing(of: certain).logOdds > 0.3)
    }

    @Test("dropped probabilities are a line of the evidence and change nothing")
    func dropped() {
        var evidence = AnswerEvidence()
        var history = TokenHistory()
        evidence.add(tokens([Double](repeating: 0, count: 40)), written: 1, history: &history)
        #expect(evidence.pieces.map(\.name) == ["token_probability"])
        #expect(evidence.pieces.first?.finding == "dropped: every token is said to be certain")
        #expect(evidence.beyondWords == 0)
    }
}
