import Testing

@testable import Domain
@testable import Estimation

@Suite struct GroundingTests {
    private let text = StepText(
        prompt: "The copper kettle costs 43 dollars. It goes to Milan.\n\nWhat does the copper kettle cost?")

    @Test("an answer's words, numbers and names are counted by whether they were given")
    func counts() {
        // Said: copper, kettle, costs, 43, dollars, goes, Milan, cost (8 words that say something); asked: copper,
        // kettle, cost. The answer: kettle, costs, 44, dollars, Porto (5), of them given: kettle, costs, dollars.
        let found = Grounding(of: text).vector("The kettle costs 44 dollars in Porto.")
        #expect(found.count == Grounding.count)
        #expect(found[0] == Float(3) / 6)
        #expect(found[1] == Float(3) / 9)
        #expect(found[2] == Grounding(of: text).vector("44")[2])
        #expect(found[2] > 0 && found[3] == 0 && found[4] > 0)
        #expect(found[5] > 0 && found[6] == 0 && found[7] > 0)
        #expect(found[12] == Float(1) / 4)
        #expect(found[13] == Float(2) / 6)
    }

    @Test("tool results count as given, with features of their own")
    func results() {
        let read = StepText(prompt: "What is the price of the rope?", history: "\n16")
        let right = Grounding(of: read).vector("The rope costs 16 dollars.")
        let wrong = Grounding(of: read).vector("The rope costs 61 dollars.")
        #expect(right[2] == 0 && right[8] == 0 && right[9] > 0)
        #expect(wrong[2] > 0 && wrong[8] > 0 && wrong[9] == 0)
    }

    @Test("the features of an empty answer are finite")
    func empty() {
        let isFinite = Grounding(of: StepText(prompt: "")).vector("").allSatisfy { $0.isFinite }
        #expect(isFinite)
    }
}
