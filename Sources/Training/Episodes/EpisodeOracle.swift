/// The best sequence of actions for a dialogue, known in advance: what no policy that decides turn by turn can pass.
///
/// Exact while no turn has more than `width` sequences that fit the budgets, else the best found by beam search.
struct EpisodeOracle: Sendable {
    static let width = 10_000

    /// The run of the greatest mean reward.
    func run(_ row: EpisodeRow, in simulation: EpisodeSimulation, budget: EpisodeBudget) -> EpisodeRun {
        var runs = [EpisodeRun(row, in: simulation, budget: budget)]
        for turn in row.steps.indices {
            var next: [EpisodeRun] = []
            let later = row.steps.count - turn - 1
            for run in runs {
                let responses = simulation.responses(run.state)
                for action in responses.indices where run.fits(action, laterTurns: later) {
                    var longer = run
                    longer.take(action, responses: responses)
                    next.append(longer)
                }
                if next.isEmpty {
                    var longer = run
                    longer.take(0, responses: responses)
                    next.append(longer)
                }
            }
            if later == 0 { return next.max { $0.total < $1.total } ?? next[0] }
            if next.count > Self.width {
                next.sort { $0.total > $1.total }
                next.removeLast(next.count - Self.width)
            }
            runs = next
        }
        return runs[0]
    }
}

extension EpisodeRun {
    /// The sum of the rewards.
    var total: Double { rewards.reduce(0, +) }
}
