import Foundation
import Optimization
import Testing

@testable import Domain
@testable import Estimation
@testable import Training

@Suite struct EvaluationTests {
    @Test("AUC is the share of pairs in the right order, ties counting half")
    func auc() throws {
        var random = SeededGenerator(seed: 1)
        let predictions = (0..<200).map { _ in (random.unit() * 20).rounded() / 20 }
        let outcomes = predictions.map { random.unit() < $0 ? 1.0 : 0 }
        var right = 0.0
        var pairs = 0.0
        for i in 0..<200 where outcomes[i] == 1 {
            for j in 0..<200 where outcomes[j] == 0 {
                pairs += 1
                right += predictions[i] > predictions[j] ? 1 : predictions[i] == predictions[j] ? 0.5 : 0
            }
        }
        #expect(abs(try #require(RankingMetrics.auc(predictions, outcomes)) - right / pairs) < 1e-12)
        #expect(RankingMetrics.auc([0.1, 0.2], [1, 1]) == nil)
    }

    @Test("the calibration error of a constant forecast is its distance from the mean outcome")
    func calibrationError() {
        let error = RankingMetrics.calibrationError([0.7, 0.7, 0.7, 0.7], [1, 0, 1, 0])
        #expect(abs(error - 0.2) < 1e-12)
    }

    @Test("a curve's figures follow from its points by hand")
    func curve() {
        let cheap = CostCurve.Point(costUSD: 1, accuracy: 0.5)
        let best = CostCurve.Point(costUSD: 5, accuracy: 0.9)
        let curve = CostCurve([
            cheap, best, CostCurve.Point(costUSD: 3, accuracy: 0.9), CostCurve.Point(costUSD: 4, accuracy: 0.8),
        ])
        let figures = CurveFigures(curve, cheapest: cheap, best: best)
        #expect(figures.costRatioAtBestSingle == 0.6)
        // Half of the way at 0.5, the other half at 0.9.
        #expect(abs(figures.aiq - 0.7) < 0.002)
        #expect(figures.accuracyAtQuarter == 0.5)
        #expect(figures.accuracyAtHalf == 0.5)
        #expect(curve.frontier.points.map(\.costUSD) == [1, 3])
        #expect(CostCurve([cheap]).cost(reaching: 0.6) == nil)
    }

    @Test("a perfect forecast recovers the whole gap at once, an unlucky one last")
    func pair() throws {
        let rows = (0..<10).map { index in
            OutcomeRow(
                id: "\(index)", suite: "p", dataset: "d", split: .validation, text: StepText(prompt: "\(index)"),
                outcomes: ["a": Outcome(score: 1), "b": Outcome(score: index < 5 ? 1 : 0)])
        }
        var replay = Replay(suite: "p", rows: rows, profiles: ProfileSet(panels: [], gate: nil))
        replay.quality = (0..<10).map { [1, $0 < 5 ? 1 : 0] }
        let perfect = PairFigures(replay, strong: 0, weak: 1)
        // The gap closes evenly over the first half of the calls.
        #expect(abs(try #require(perfect.apgr["d"]) - 0.75) < 1e-9)
        #expect(perfect.cpt50["d"] == 0.3)
        replay.quality = (0..<10).map { [1, $0 < 5 ? 0 : 1] }
        #expect(abs(try #require(PairFigures(replay, strong: 0, weak: 1).apgr["d"]) - 0.25) < 1e-9)
    }

    @Test("two models without dollars cost 1 and 0, the better one being the dearer")
    func unitCosts() {
        let rows = SyntheticPanel.rows(count: 40).map { row in
            var row = row
            for model in row.outcomes.keys { row.outcomes[model]?.costUSD = nil }
            return row
        }
        let figures = OutcomeFigures(suite: "toy", rows: rows, profiles: ProfileSet(panels: [], gate: nil))
        #expect(figures.bestSingle == "strong")
        #expect(figures.bestSinglePoint.costUSD == 1)
        #expect(figures.singles.compactMap { $0?.costUSD }.sorted() == [0, 1])
    }

    @Test("the JSON keeps the names of the evaluation contract")
    func json() throws {
        let profiles = try SyntheticPanel.trainer().train(outcomes: SyntheticPanel.rows(count: 100), traces: [])
        let evaluation = Evaluation(
            outcomes: SyntheticPanel.rows(count: 50, seed: 9), profiles: profiles, progress: { _, _ in })
        let object = try JSONSerialization.jsonObject(with: Data(evaluation.json)) as? [String: Any]
        let suite = try #require((object?["suites"] as? [[String: Any]])?.first)
        for key in [
            "suite", "n", "models", "auc", "brier", "ece", "best_single", "curve", "aiq", "accuracy_at",
            "cost_ratio_at_best_single", "pair", "decision_us",
        ] { #expect(suite[key] != nil, "\(key)") }
        #expect(evaluation.table.contains("toy"))
    }

    @Test("numbers are rounded as people expect")
    func fixed() {
        #expect(TextTable.fixed(0.0549, 3) == "0.055")
        #expect(TextTable.fixed(12.96, 1) == "13.0")
        #expect(TextTable.fixed(-0.001, 1) == "0.0")
        #expect(TextTable.fixed(99.5, 0) == "100")
    }
}

@Suite("The picture of a front")
struct ParetoPictureTests {
    @Test("it has a dot a plan, a cross a single model, and names that cannot break it")
    func picture() {
        let totals = [(1e7, 0.5), (2e7, 0.75), (5e7, 0.875)].map {
            AssignmentTotals(cost: $0, energy: 0, latency: 0, meanAccuracy: $1)
        }
        let front = ParetoFront(points: totals.map { .init(choice: [0], totals: $0) }, isComplete: true)
        let svg = front.svg(title: "a < b & c", single: [("\"big\"", totals[2])])
        #expect(svg.components(separatedBy: "<circle").count == 4)
        #expect(svg.contains("a &lt; b &amp; c"))
        #expect(svg.contains("&quot;big&quot;"))
        // Least cost at the left edge, greatest accuracy at the top.
        #expect(svg.contains("<circle class=\"plan\" cx=\"70.0\" cy=\"360.0\""))
        #expect(svg.contains("<circle class=\"plan\" cx=\"600.0\" cy=\"50.0\""))
    }
}
