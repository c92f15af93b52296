import Estimation
import Testing

@Suite("Prices of a session's budgets")
struct RunPricesTests {
    /// A value of 0.4 where more than a quarter of the dollars is left, else 0. The usual best response is 2.
    static func profile(reward: Float = 1.5, planned: Float = 1.25) -> EpisodeProfile {
        let width = RunFeatures.width(sources: 1, tasks: 1)
        let tree = [
            ValueForest.Node(feature: 1, value: 0.25, left: 1, right: 2), ValueForest.Node(value: 0),
            ValueForest.Node(value: 0.4),
        ]
        return EpisodeProfile(suites: [
            EpisodeProfile.Suite(
                name: "camera", sources: ["side"], tasks: ["ask"], states: [], actions: [], scores: [0.5, 2],
                seconds: [1, 2, 3], dollars: [0, 0.01, 0.02], continuation: [1, 0.5, 0], taskShares: [1],
                budgetSeconds: 30, budgetDollars: 0.05, longest: 2, value: ValueForest(width: width, trees: [tree]),
                multipliers: [0, 0], validationReward: reward, validationPricedReward: 1,
                validationPlannedReward: planned)
        ])
    }

    static func run(left: Double, sources: [String] = ["side"]) -> LiveRun {
        LiveRun(
            seconds: (30, 20), dollars: (0.1, left), turns: 1, sources: sources, before: [(true, ["side"])],
            quality: (0.4, 0.8), most: (5, 0.02))
    }

    @Test("a dollar costs what the value falls by over one dear step, and a second that changes nothing is free")
    func slope() throws {
        // 40 % are left and 20 % would be: the value falls by 0.4, which is 0.2 of the usual best response.
        let prices = try #require(Self.profile().prices(Self.run(left: 0.04)))
        #expect(abs(prices.perDollar - 0.2 / 0.02) < 1e-6)
        #expect(prices.perSecond == 0)
        #expect(try #require(Self.profile().prices(Self.run(left: 0.1))).perDollar == 0)
    }

    @Test("a value that is no better than the plan on validation episodes, or of other sources, prices nothing")
    func unused() {
        #expect(Self.profile(reward: 1.2).prices(Self.run(left: 0.04)) == nil)
        #expect(!Self.profile(reward: 1.2).covers([]))
        #expect(Self.profile().prices(Self.run(left: 0.04, sources: ["front"])) == nil)
        #expect(Self.profile().covers([]))
    }

    @Test("features have the width that values are learned in")
    func width() {
        var features = RunFeatures()
        features.tasks = [(1, true), (0, false)]
        features.before = [.own]
        #expect(features.row(sources: 3).count == RunFeatures.width(sources: 3, tasks: 2))
    }
}
