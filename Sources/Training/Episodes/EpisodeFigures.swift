import Domain
import Estimation
import JSON

/// The figures of one policy on the episodes of a suite, all simulated.
package struct EpisodeFigures: Sendable {
    /// The name of the policy.
    package var policy: String
    /// Episodes played, over all splits.
    package var episodes: Int
    /// Mean over episodes of a turn's mean reward.
    package var reward: Double
    /// Mean over episodes of a turn's mean response.
    package var response: Double
    /// Mean seconds of an episode.
    package var seconds: Double
    /// Mean USD of an episode.
    package var costUSD: Double
    /// Share of the episodes that passed a budget.
    package var violations: Double
    /// Share of the turns that a provider answered.
    package var placementShare: Double
    /// Mean number of sources sent with a turn.
    package var sourcesMean: Double

    init(_ policy: String, _ runs: [EpisodeRun], budget: EpisodeBudget) {
        func mean(_ values: [Double]) -> Double { values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count) }
        self.policy = policy
        episodes = runs.count
        reward = mean(runs.map { mean($0.rewards) })
        response = mean(runs.map { mean($0.scores) })
        seconds = mean(runs.map { budget.seconds - $0.left.seconds })
        costUSD = mean(runs.map { budget.dollars - $0.left.dollars })
        violations = mean(runs.map { $0.isOver ? 1 : 0 })
        let actions = runs.flatMap(\.taken)
        placementShare = mean(actions.map { $0 > 0 ? 1 : 0 })
        sourcesMean = mean(actions.map { Double(EpisodeActions.mask($0).nonzeroBitCount) })
    }

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("policy", policy)
            json.member("episodes", episodes)
            json.member("reward", reward)
            json.member("response", response)
            json.member("latency_s", seconds)
            json.member("cost_usd", costUSD)
            json.member("violations", violations)
            json.member("placement_share", placementShare)
            json.member("sources_mean", sourcesMean)
        }
    }

    var cells: [String] {
        [
            policy, "\(episodes)", TextTable.fixed(reward, 3), TextTable.fixed(response, 3),
            TextTable.fixed(seconds, 2), TextTable.fixed(costUSD, 5), TextTable.fixed(violations, 3),
            TextTable.fixed(placementShare, 2), TextTable.fixed(sourcesMean, 2),
        ]
    }

    static let heading = [
        "policy", "episodes", "reward", "response", "latency_s", "cost_usd", "violations", "placement_share",
        "sources_mean",
    ]
}
