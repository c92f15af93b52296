@testable import Domain
@testable import Estimation
@testable import Training

/// A small world with a known truth: `easy` questions are answered by both models, `hard` ones by the strong one only.
enum SyntheticPanel {
    /// Training small enough for an unoptimised build.
    static func trainer(seed: UInt64 = 1) -> Trainer {
        var trainer = Trainer(seed: seed)
        trainer.panel.directions = 4
        trainer.panel.folds = 2
        trainer.panel.forests = 1
        trainer.panel.logistic.iterations = 6
        trainer.panel.grower.rounds = 30
        trainer.panel.grower.rate = 0.3
        trainer.difficulty.folds = 2
        trainer.difficulty.iterations = 12
        trainer.difficulty.vocabularyLimit = 2000
        return trainer
    }

    /// One panel, trained once for all tests.
    static let trained = Result { try trainer().train(outcomes: rows(count: 160), traces: []) }

    /// Two panels and their gate, trained once for all tests.
    static let trainedPair = Result {
        try trainer().train(
            outcomes: rows(count: 80) + rows(suite: "pears", count: 80, vocabulary: "pears"), traces: [])
    }

    static func rows(
        suite: String = "toy", count: Int, seed: UInt64 = 3, split: Split = .train, vocabulary: String = "apples"
    ) -> [OutcomeRow] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { index in
            let isHard = random.unit() < 0.5
            let number = Int(random.unit() * 1000)
            let prompt =
                isHard
                ? "Integrate the product of \(number) \(vocabulary) over the manifold and prove convergence."
                : "How many \(vocabulary) are \(number) and two \(vocabulary)?"
            let weak = isHard ? (random.unit() < 0.1 ? 1.0 : 0) : (random.unit() < 0.9 ? 1.0 : 0)
            let strong = random.unit() < 0.95 ? 1.0 : 0
            return OutcomeRow(
                id: "\(suite):\(index)", suite: suite, dataset: suite, split: split, text: StepText(prompt: prompt),
                outcomes: [
                    "weak": Outcome(
                        score: weak, inputTokens: 20, outputTokens: isHard ? 200 : 20, costUSD: isHard ? 2e-5 : 2e-6),
                    "strong": Outcome(
                        score: strong, inputTokens: 20, outputTokens: isHard ? 400 : 40, costUSD: isHard ? 4e-3 : 4e-4),
                ])
        }
    }
}
