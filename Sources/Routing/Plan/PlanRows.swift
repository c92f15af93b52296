import Domain
package import Optimization

/// The options of a plan: what each candidate would take at each step of the horizon, where the rule is expected to let
/// it.
struct PlanRows {
    /// `[step][candidate]`; nil where the rule is expected to refuse it, or where it cannot be priced.
    private(set) var options: [[AssignmentOption?]]
    private(set) var switching: [[AssignmentSwitch]]
    /// Of this step, for every candidate, expected to pass or not.
    private(set) var first: [AssignmentOption]
    /// Whether each candidate is expected to pass at this step.
    let passes: [Bool]

    init(_ step: Step, candidates: [Candidate], tests: ExpectedTests, steps: Int, context: RoutingContext) {
        options = Array(repeating: Array(repeating: nil, count: candidates.count), count: steps)
        switching = Array(repeating: Array(repeating: .free, count: candidates.count), count: steps)
        first = candidates.map(\.option)
        passes = candidates.map { tests.pass($0) }
        let places = context.places
        for (index, candidate) in candidates.enumerated() {
            guard let place = places[candidate.model] else { continue }
            let ahead = LookAhead(candidate, context.models[place], step: step, context: context)
            guard let now = ahead.now else { continue }
            first[index] = now
            for row in 0..<steps {
                guard context.shape == .chain, row > 0 else {
                    if passes[index] { options[row][index] = now }
                    continue
                }
                guard tests.pass(candidate, ahead: row), let later = ahead.after(row) else { continue }
                options[row][index] = later.option
                switching[row][index] = later.move
            }
        }
    }
}

extension RoutingContext {
    /// Where each model stands among `models`.
    var places: [ModelID: Int] {
        Dictionary(models.enumerated().map { ($1.model.id, $0) }) { first, _ in first }
    }
}

extension Candidate {
    /// The expected amounts of this step, as the optimiser reads them.
    package var option: AssignmentOption {
        AssignmentOption(
            cost: Double(cost.total.nanoUSD), energy: energyJoules, latency: latencySeconds,
            accuracy: min(max(prediction.quality, 0), 1))
    }
}
