/// The plan of a run as the service makes it: the turns ahead are taken to be like this one.
///
/// As many turns as lie behind are expected, this one included; at least 3, at most 8.
struct EpisodePlan: Sendable {
    private static let turns = 3...8
    private let view: EpisodeView

    init(_ view: EpisodeView) {
        self.view = view
    }

    /// The first action of the best assignment that fits what is left; of this turn alone where none does.
    var action: Int {
        let ahead = min(max(view.run.turn, Self.turns.lowerBound), Self.turns.upperBound) - 1
        var found: (action: Int, total: Double)?
        for action in view.rewards.indices where view.run.fits(action, laterTurns: 0) {
            guard let rest = rest(after: action, turns: ahead) else { continue }
            let total = view.rewards[action] + rest
            if found.map({ total > $0.total }) ?? true { found = (action, total) }
        }
        return found?.action ?? view.best(laterTurns: 0) { view.rewards[$0] }
    }

    /// The greatest reward of some turns like this one after an action; nil where they do not fit.
    private func rest(after action: Int, turns: Int) -> Double? {
        let actions = view.run.simulation.actions
        return best(
            of: frontier, turns: turns, seconds: view.run.left.seconds - actions.seconds[action],
            dollars: view.run.left.dollars - actions.dollars[action])
    }

    private func best(of options: ArraySlice<Int>, turns: Int, seconds: Double, dollars: Double) -> Double? {
        guard seconds >= 0, dollars >= 0 else { return nil }
        guard turns > 0 else { return 0 }
        guard let option = options.first else { return nil }
        let actions = view.run.simulation.actions
        var found: Double?
        for count in 0...turns {
            let times = Double(count)
            guard
                let rest = best(
                    of: options.dropFirst(), turns: turns - count, seconds: seconds - times * actions.seconds[option],
                    dollars: dollars - times * actions.dollars[option])
            else { continue }
            found = max(found ?? -.infinity, rest + times * view.rewards[option])
        }
        return found
    }

    /// The best action of each price: more of the same price than the best is never worth it.
    private var frontier: ArraySlice<Int> {
        let actions = view.run.simulation.actions
        return view.rewards.indices.filter { one in
            !view.rewards.indices.contains { other in
                other != one && actions.seconds[other] <= actions.seconds[one]
                    && actions.dollars[other] <= actions.dollars[one]
                    && (view.rewards[other], one) > (view.rewards[one], other)
            }
        }[...]
    }
}
