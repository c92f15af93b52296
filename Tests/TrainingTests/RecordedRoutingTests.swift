import Domain
import Testing

@testable import Estimation
@testable import Routing
@testable import Training

@Suite("Recorded rows under a policy")
struct RecordedRoutingTests {
    /// Four rows: the small model is right on half of them for 1 dollar, the large one on all for 10.
    private static func replay(smallScores: [Double] = [1, 0, 1, 0]) -> Replay {
        let rows = smallScores.enumerated().map { index, score in
            OutcomeRow(
                id: "\(index)", suite: "s", dataset: "d", split: .validation, text: StepText(prompt: "Row \(index)?"),
                outcomes: [
                    "small": Outcome(score: score, costUSD: 1, output: "small says \(index)"),
                    "large": Outcome(score: 1, costUSD: 10, output: "large says \(index)"),
                ])
        }
        var replay = Replay(suite: "s", rows: rows, profiles: ProfileSet(panels: [], gate: nil))
        // In the order of names: large, small.
        replay.predictedCost = rows.map { _ in [10, 1] }
        return replay
    }

    /// Says that the small model's answers are as good as the large one's in 60 of 100 cases.
    private struct Estimator: Estimating, StepEstimates {
        /// Of an answer of the small model; the large one's are always acceptable.
        var acceptance: Double?

        func estimates(of text: StepText, for models: [Model]) -> any StepEstimates { self }

        func prediction(for model: Model) -> Prediction {
            Prediction(
                quality: model.id.rawValue == "small" ? 0.5 : 0.9, deviation: 0.1,
                outputTokens: OutputTokens(mean: 100, p95: 300),
                basis: .prior(model.tier))
        }

        func stepSimilarity(of model: Model, to reference: Model) -> Double { 0.6 }

        func requestSimilarity(of model: Model, to reference: Model) -> Double { 0.6 }

        func acceptance(of answers: [(model: Model, output: String)]) -> Double? {
            acceptance.map { answers.last?.model.id.rawValue == "small" ? $0 : 1 }
        }
    }

    private static func policy(kappa: Double, verify: VerificationMode = .off) -> Policy {
        Policy(kappa: KappaRule(base: kappa, slope: 0, cap: 1, floor: 0), verify: verify)
    }

    @Test(
        "kappa below the similarity sends the rows to the small model, above it to the reference",
        arguments: [0.3, 0.8])
    func kappa(_ kappa: Double) {
        let figures = RecordedRouting(policy: Self.policy(kappa: kappa), estimator: Estimator()).figures(Self.replay())
        let isSmall = kappa < 0.6
        #expect(figures.point == CostCurve.Point(costUSD: isSmall ? 1 : 10, accuracy: isSmall ? 0.5 : 1))
        #expect(figures.reference == CostCurve.Point(costUSD: 10, accuracy: 1))
        #expect(figures.modelShares == [isSmall ? "small" : "large": 1])
        #expect(figures.stageShares.values.reduce(0, +) == 1)
        #expect(figures.meanCalls == 1)
        #expect(figures.refused == 0)
    }

    @Test("an answer that fails its test is paid for, and so is the next one")
    func verify() {
        for (acceptance, cost, accuracy) in [(0.9, 1.0, 0.5), (0.1, 11.0, 1.0)] {
            let figures = RecordedRouting(
                policy: Self.policy(kappa: 0.3, verify: .on), estimator: Estimator(acceptance: acceptance)
            ).figures(Self.replay())
            #expect(figures.point == CostCurve.Point(costUSD: cost, accuracy: accuracy))
            #expect(figures.meanCalls == (cost > 10 ? 2 : 1))
        }
    }

    @Test("unpaid scores do not affect the choice")
    func unseen() {
        let routing = RecordedRouting(policy: Self.policy(kappa: 0.3), estimator: Estimator())
        let (one, other) = (routing.figures(Self.replay()), routing.figures(Self.replay(smallScores: [0, 0, 0, 0])))
        #expect(one.modelShares == other.modelShares)
        #expect(one.point.costUSD == other.point.costUSD)
        #expect(other.point.accuracy == 0)
    }

    @Test("rows without an admissible model are counted, with the reason")
    func refused() throws {
        var policy = Self.policy(kappa: 0.3)
        policy.budget = try Money(usd: "0.5")
        let figures = RecordedRouting(policy: policy, estimator: Estimator()).figures(Self.replay())
        #expect(figures.refused == 4)
        #expect(try #require(figures.refusal).contains("budget_usd"))
        #expect(figures.point == CostCurve.Point(costUSD: 0, accuracy: 0))
    }

    @Test("a policy's models are the rows' own names")
    func models() {
        var policy = Self.policy(kappa: 0.8)
        policy.models = ModelFilter(deny: [ModelID("large")])
        let figures = RecordedRouting(policy: policy, estimator: Estimator()).figures(Self.replay())
        #expect(figures.modelShares == ["small": 1])
    }
}
