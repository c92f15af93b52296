import Domain
import Estimation

/// Time of the free evidence about one answer: token probabilities and signs in its words.
enum EvidenceBenchmark {
    private static let runs = 400

    static func run() {
        let line = "Step 7: we take 49 and add 10, which gives 59 in all, so we go on with the next one. "
        let request = StepText(prompt: String(repeating: "A shop sells 12 pears and 7 apples a day. ", count: 40))
        let expected = OutputTokens(mean: 300, p95: 700)
        for lines in [1, 12, 60] {
            let text = String(repeating: line, count: lines)
            let count = 22 * lines
            let tokens = (0..<count).map { index in
                TokenProbability(
                    token: index % 5 == 0 ? " \(index)" : " word", logarithm: -0.3 - Double(index % 7) / 10,
                    alternatives: [-0.3, -1.5, -3, -4])
            }
            var history = TokenHistory()
            measure("token probabilities, \(count) tokens") {
                var evidence = AnswerEvidence()
                evidence.add(tokens, written: count, history: &history)
            }
            measure("signs, \(text.utf8.count) bytes") {
                var evidence = AnswerEvidence()
                evidence.add(
                    AnswerSigns(text: text, calls: [], tokens: count, expected: expected, request: request))
            }
        }
    }

    private static func measure(_ name: String, _ body: () -> Void) {
        let clock = ContinuousClock()
        let times = (0..<runs).map { _ in Double(clock.measure(body).components.attoseconds) / 1e12 }.sorted()
        print("\(name): p50 \(Int(times[runs / 2])) us, p99 \(Int(times[runs * 99 / 100])) us")
    }
}
