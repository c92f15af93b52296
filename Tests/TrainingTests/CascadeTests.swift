import Testing

@testable import Domain
@testable import Estimation
@testable import Routing
@testable import Training

@Suite struct CascadeTests {
    @Test(
        "the same final answer in another format is the same answer",
        arguments: [
            (#"```json{"reasoning": "so 2", "answer": "1,736.0"}```"#, #"The answer is 1736"#, true),
            (#"{"answer": "-1"}"#, #"{"answer": "1"}"#, false),
            (#"thus \boxed{\frac{1}{2}}."#, #"{"answer": "\\frac{1}{2}"}"#, true),
            ("Yes", "yes.", true), ("Yes", "No", false), ("<solution>B</solution>", "Answer: b", true),
        ])
    func finals(left: String, right: String, isSame: Bool) {
        #expect((FinalAnswer(left).key == FinalAnswer(right).key) == isSame)
    }

    @Test("tool calls compare equal in any dialect and order of arguments, and prose is no call")
    func calls() {
        let bare = FinalAnswer("[area.of(base=500, height=300)]", offersTools: true)
        let json = FinalAnswer(
            #"{"tool_calls": [{"name": "area_of", "arguments": {"height": 300, "base": 500}}]}"#, offersTools: true)
        let other = FinalAnswer("[area.of(base=500, height=301)]", offersTools: true)
        let prose = FinalAnswer("I cannot do this with the tools.", offersTools: true)
        #expect(bare.key == json.key)
        #expect(bare.key != other.key)
        #expect(bare.similarity(to: other) > 0.5)
        #expect(bare.isCall && json.isCall && !prose.isCall)
        #expect(prose.key == FinalAnswer("None of them fits.", offersTools: true).key)
    }

    @Test("a good answer in hand is kept when dollars are dear, and a bad one is not when they are cheap")
    func moves() {
        let couplings: [Float] = [1, 0.5, 0.5, 1]
        func move(_ weight: Double, _ correctness: [Double]) -> CascadePolicy.Move? {
            CascadePolicy(weight: weight, detectionRate: 0.7)
                .move(correctness: correctness, costUSD: [0.001, 0.1], couplings: couplings, open: [1], asked: [0])
        }
        #expect(move(100, [0.9, 0.95]) == .keep(0))
        #expect(move(0.1, [0.2, 0.95]) == .ask(1))
        #expect(
            CascadePolicy(weight: 1, detectionRate: 0.7)
                .move(correctness: [0.9, 0.2], costUSD: [0, 0], couplings: couplings, open: [], asked: [0, 1])
                == .keep(0))
        #expect(
            CascadePolicy(weight: 1, detectionRate: 0.7)
                .move(correctness: [0.9, 0.2], costUSD: [0, 0], couplings: couplings, open: [], asked: []) == nil)
    }

    @Test("agreement and disagreement of the answers paid for are counted")
    func state() {
        let grounding = Grounding(of: StepText(prompt: "Is it?"))
        func answer(_ text: String) -> AnswerState.Answer { .init(text, tools: nil, grounding: grounding) }
        let state = AnswerState(
            predicted: [0.5, 0.5, 0.5, 0.5], baseRates: [0.5, 0.5, 0.5, 0.5], question: [],
            answers: [answer("Yes"), answer("yes"), answer("No"), nil])
        let first = state.counts(0)
        #expect(first.count == AnswerState.count + Grounding.count)
        #expect(first[0] == 1 && first[1] == 3 && first[5] == 1 && first[8] == 1)
        let unasked = state.counts(3)
        #expect(unasked[0] == 0 && unasked[5] == 0 && unasked[8] == 0)
        #expect(unasked.dropFirst(18).allSatisfy { $0 == 0 })
    }

    /// A weak model whose right answers are short, so that a verifier can see them.
    private func rows(count: Int, seed: UInt64, split: Split) -> [OutcomeRow] {
        SyntheticPanel.rows(count: count, seed: seed, split: split).map { row in
            var row = row
            for (model, outcome) in row.outcomes {
                row.outcomes[model]?.output =
                    outcome.score == 1 ? "The answer is \(row.id)" : "I am sorry, this is unclear to \(model) and hard"
            }
            return row
        }
    }

    @Test("a cascade that can tell good answers from bad ones beats choosing beforehand, and pays for what it asks")
    func cascade() throws {
        let profiles = try SyntheticPanel.trainer().train(outcomes: rows(count: 80, seed: 3, split: .train), traces: [])
        let figures = OutcomeFigures(
            suite: "toy", rows: rows(count: 80, seed: 8, split: .validation), profiles: profiles)
        let cascade = try #require(figures.cascade)
        #expect(cascade.aiq >= figures.routing.aiq)
        #expect(try #require(cascade.costRatioAtBestSingle) < 1)
        let cheapest = figures.singles.compactMap { $0?.costUSD }.min() ?? 0
        #expect(cascade.curve.points.allSatisfy { $0.costUSD >= cheapest - 1e-12 })
        let profile = try #require(profiles.answers.values.first)
        let bytes = ProfileFile.encode(.answers, profile.encoded())
        let again = try ProfileFile.decode(bytes, path: "x") { (_, reader) throws(ByteReader.Failure) in
            try AnswerProfile(&reader)
        }
        #expect(again.encoded() == profile.encoded())
    }
}
