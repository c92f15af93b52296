import Core
import Optimization

/// The options of a plan: what each candidate would take at each step of the horizon, where the rule is expected to let
/// it.
struct PlanRows {
    /// `[step][candidate]`; nil where the rule is expected to refuse it, or where it cannot be priced.
    private(set) var options: [[AssignmentOption?]] = []
    private(set) var switching: [[AssignmentSwitch]] = []
    /// Of this step, for every candidate, expected to pass or not.
    private(set) var first: [AssignmentOption]

    init(_ step: Step, candidates: [Candidate], tests: ExpectedTests, steps: Int, context: RoutingContext) {
        let models = Dictionary(context.models.map { ($0.model.id, $0) }) { first, _ in first }
        let isChain = context.shape == .chain
        first = candidates.map(\.option)
        for row in 0..<steps {
            let steps = isChain ? row : 0
            var moves = [AssignmentSwitch](repeating: .free, count: candidates.count)
            options.append(
                candidates.enumerated().map { index, candidate in
                    guard let priced = models[candidate.model] else { return nil }
                    let ahead = Ahead(steps: steps, step: step, candidate: candidate, priced: priced, context: context)
                    let passes = tests.pass(candidate, ahead: steps)
                    guard passes || row == 0, let option = ahead.option else { return nil }
                    if row == 0 { first[index] = option }
                    guard passes else { return nil }
                    moves[index] = ahead.move
                    return option
                })
            switching.append(moves)
        }
    }
}

extension Candidate {
    /// The expected amounts of this step, as the optimiser reads them.
    var option: AssignmentOption {
        AssignmentOption(
            cost: Double(cost.total.nanoUSD), energy: energyJoules, latency: latencySeconds,
            accuracy: min(max(prediction.quality, 0), 1))
    }
}
