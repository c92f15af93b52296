import Foundation
import Testing

@testable import Domain
@testable import Estimation
@testable import Training

@Suite struct BaselineTests {
    private func rows(_ count: Int, seed: UInt64, split: Split = .train) -> [OutcomeRow] {
        SyntheticPanel.rows(count: count, seed: seed, split: split).map { row in
            var row = row
            for (model, outcome) in row.outcomes {
                row.outcomes[model]?.output = outcome.score == 1 ? "42" : "sorry"
                row.outcomes[model]?.costUSD = model == "strong" ? 1e-3 : 1e-5
            }
            return row
        }
    }

    private func curve(_ router: BaselineRouter) throws -> CostCurve {
        let replay = Replay(
            suite: "toy", rows: rows(120, seed: 8, split: .validation), profiles: ProfileSet(panels: [], gate: nil))
        return try #require(router.curve(training: rows(200, seed: 3), replay: replay))
    }

    @Test("the best single model is one point, and a mix runs in a straight line to it")
    func blind() throws {
        let single = try curve(.bestSingle)
        #expect(single.points.count == 1)
        let mix = try curve(.randomMix)
        #expect(mix.points.contains { abs($0.accuracy - single.points[0].accuracy) < 1e-9 })
        let (first, last) = (mix.points[0], mix.points[mix.points.count - 1])
        for point in mix.points {
            let share = (point.costUSD - first.costUSD) / (last.costUSD - first.costUSD)
            #expect(abs(point.accuracy - (first.accuracy + share * (last.accuracy - first.accuracy))) < 1e-9)
        }
    }

    @Test(
        "routers that look at the query beat a blind mix where the query tells",
        arguments: [BaselineRouter.knn, .hybridDeterministic, .hybridProbabilistic, .hybridTransformed, .frugalCascade])
    func sighted(router: BaselineRouter) throws {
        let mix = try curve(.randomMix)
        let looked = try curve(router)
        let ends = (mix.points[0], mix.points[mix.points.count - 1])
        #expect(looked.aiq(from: ends.0, to: ends.1) > mix.aiq(from: ends.0, to: ends.1))
    }

    @Test("an unknown router is an error that lists the known ones")
    func unknown() {
        #expect(throws: EstimationError.self) { try BaselineRouter.named("oracle") }
        #expect(BaselineRouter.allCases.count == 7)
    }

    @Test("the picture has every model and both curves, and is well-formed")
    func plot() throws {
        let profiles = try SyntheticPanel.trainer().train(outcomes: rows(80, seed: 3), traces: [])
        let figures = OutcomeFigures(suite: "a < b & \"c\"", rows: rows(60, seed: 8), profiles: profiles)
        let svg = CurvePlot([figures]).svg
        #expect(svg.contains(">weak</text>") && svg.contains(">strong</text>"))
        #expect(svg.contains("class=\"routing\"") && svg.contains("class=\"cascade\""))
        #expect(svg.contains("prefers-color-scheme: dark") && svg.contains("a &lt; b &amp; &quot;c&quot;"))
        #expect(svg.components(separatedBy: "<text").count == svg.components(separatedBy: "</text>").count)
    }
}
