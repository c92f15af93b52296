import Domain
import Estimation
import Testing

@testable import Routing

@Suite("A session's rest by a learned value")
struct SessionRestTests {
    /// A value that falls by 0.5 where less than half of the dollars is left.
    private static let profile = EpisodeProfile(suites: [
        EpisodeProfile.Suite(
            name: "camera", sources: [], tasks: ["ask"], states: [], actions: [], scores: [1, 1],
            seconds: [1, 2], dollars: [0, 0.01], continuation: [1, 0], taskShares: [1], budgetSeconds: 30,
            budgetDollars: 0.05, longest: 2,
            value: ValueForest(
                width: RunFeatures.width(sources: 0, tasks: 1),
                trees: [
                    [
                        ValueForest.Node(feature: 1, value: 0.5, left: 1, right: 2), ValueForest.Node(value: 0),
                        ValueForest.Node(value: 0.5),
                    ]
                ]),
            multipliers: [0, 0], validationReward: 2, validationPricedReward: 1, validationPlannedReward: 1)
    ])

    private static func decision(left: Double) throws -> Decision {
        var context = Fixture.context([Fixture.cheap, Fixture.dear], policy: Policy())
        context.rest = SessionRest(
            profile,
            run: LiveRun(
                seconds: nil, dollars: (0.004, left), turns: 0, sources: [], before: [], quality: (0, 0), most: (0, 0)))
        var state = RunState()
        return try StepRouter(estimator: FixedEstimator(quality: ["cheap": 0.8, "dear": 0.95])).route(
            Fixture.step(), decisionID: "d", state: &state, context: context)
    }

    @Test("what a dear step would take from later ones is part of its price, and the decision says so")
    func priced() throws {
        // The dear model's step costs $0.0018: of $0.0025 left it would leave less than half of the session's money.
        let scarce = try Self.decision(left: 0.0025)
        #expect(scarce.model == Fixture.cheap.model.id)
        #expect(scarce.considered.contains { $0.hasPrefix("session: by the learned value of camera") })
        #expect(try Self.decision(left: 0.004).model == Fixture.dear.model.id)
    }
}
