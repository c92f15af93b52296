import Domain
import Testing

@testable import Estimation

@Suite("Signs in an answer's words")
struct AnswerSignsTests {
    private let request = StepText(prompt: "Book a table for Ada in Lima on Friday at eight o'clock in the evening.")

    private func signs(_ text: String, calls: [String] = [], tokens: Int = 100) -> AnswerSigns {
        AnswerSigns(
            text: text, calls: calls, tokens: tokens, expected: OutputTokens(mean: 100, p95: 300), request: request)
    }

    @Test("refusals and words of doubt are found, and not in longer words")
    func words() {
        #expect(signs("I'm sorry, but I cannot do that.").refuses)
        #expect(!signs("The mighty river is in Peru.").refuses)
        #expect(signs("Perhaps it is 4. I think so, but I am not sure.").hedges == 3)
        #expect(signs("The mighty waiter").hedges == 0)
    }

    @Test("a loop is repetition and an echo is copying")
    func repetition() {
        let loop = signs(String(repeating: "and then we go on ", count: 40))
        #expect(loop.repetition > 0.9)
        #expect(signs(request.prompt).copied == 1)
        #expect(signs("It is done, and nothing of it stood in what was asked.").copied == 0)
    }

    @Test("values of arguments that stand nowhere in the request are counted")
    func arguments() {
        let found = signs("", calls: [#"{"name": "Ada", "city": "Oslo", "when": {"day": "Friday", "hour": 21}}"#])
        #expect(found.arguments == (4, 2))
        #expect(signs("", calls: ["{broken"]).arguments == (0, 0))
    }

    @Test("length counts in deviations of what was predicted")
    func length() {
        #expect(abs(signs("x", tokens: 100).excess) < 1e-9)
        #expect(abs(signs("x", tokens: 300).excess - 1.645) < 1e-9)
        var evidence = AnswerEvidence()
        evidence.add(signs("x", tokens: 1000))
        #expect(evidence.ofWords < -0.9)
        #expect(evidence.beyondWords == 0)
    }
}

@Suite("Agreement of further answers")
struct SampleAgreementTests {
    @Test("agreement speaks for an answer and disagreement against it, the more the clearer")
    func direction() {
        let odds = [(2, 2), (1, 1), (0, 0), (0, 1), (0, 2)].map {
            SampleAgreement(agreeing: $0.0, count: $0.1).logOdds
        }
        #expect(odds == odds.sorted(by: >))
        #expect(odds[2] == 0)
    }

    @Test("the next sample agrees rather with a right answer")
    func next() {
        let start = SampleAgreement()
        #expect(start.nextAgrees(correctness: 0.9) > start.nextAgrees(correctness: 0.1))
        let expected = [true, false].map { agrees in
            let probability = agrees ? start.nextAgrees(correctness: 0.5) : 1 - start.nextAgrees(correctness: 0.5)
            #expect((0...1).contains(probability))
            return probability
        }
        #expect(abs(expected.reduce(0, +) - 1) < 1e-12)
    }
}
