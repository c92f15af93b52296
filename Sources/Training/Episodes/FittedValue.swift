import Domain
import Estimation

/// Fits the value of the rest of a run: fitted Q iteration (Ernst, Geurts, Wehenkel 2005) under hard budgets.
///
/// With Q(s, a) = r(s, a) + W(s, a), where r is the predicted reward of the turn, only W is learned: the expected value
/// of the turns after it, with the weight that they have in the mean of a turn. An action that leaves no room for the own
/// hardware at later turns is never taken, so no run passes its budgets. Each round plays dialogues in the simulation,
/// most of them by the value of the round before.
struct FittedValue: Sendable {
    let simulation: EpisodeSimulation
    let rows: [EpisodeRow]
    let budget: EpisodeBudget
    var seed: UInt64 = 1
    /// Dialogues that a round plays, rounds, and iterations of the value in the first round.
    var played = 1200
    var rounds = 3
    var iterations = 5
    /// Trees of the final value, and of those on the way to it.
    var trees = 100
    private static let treesOnTheWay = 20
    /// Iterations of later rounds, which begin with the value of the round before.
    private static let laterIterations = 2
    /// Share of random actions after the first round.
    static let exploration = 0.35
    /// Shares of the budgets that played dialogues begin with.
    static let shares = [1, 1, 0.75, 0.5, 0.25]

    /// A turn's features after its action, and the next turn.
    private struct Transition {
        var row: [Float]
        /// The next turn's predicted rewards and features, for the actions that fit; empty at the end.
        var rewards: [Double] = []
        var next: [[Float]] = []
        /// What a reward of the next turn counts against one of this turn.
        var weight = 1.0
    }

    private var longest: Int { rows.map(\.steps.count).max() ?? 1 }
    private var outlook: EpisodeOutlook { EpisodeOutlook(rows: rows, tasks: simulation.tasks) }

    private func learned(_ regression: LearnedValue.Regression) -> LearnedValue {
        LearnedValue(regression: regression, scale: budget, longest: longest, outlook: outlook)
    }

    /// Trees, of which the last round's stand.
    func forest() -> LearnedValue {
        var random = SeededGenerator(seed: seed)
        var transitions: [Transition] = []
        var value: LearnedValue?
        for round in 0..<rounds {
            transitions += play(by: value, &random)
            let iterations = round == 0 ? iterations : Self.laterIterations
            let regression = iterate(transitions, iterations, from: value?.regression) { rows, targets, isLast in
                var grower = ValueForestGrower(seed: seed &+ UInt64(round))
                grower.trees = isLast && round == rounds - 1 ? trees : Self.treesOnTheWay
                return .forest(grower.grow(rows, targets: targets))
            }
            value = learned(regression)
        }
        return value ?? learned(.forest(ValueForest(width: 1)))
    }

    /// The linear stand-in, on the same number of random dialogues.
    func linear() -> LearnedValue {
        var random = SeededGenerator(seed: seed)
        let transitions = play(by: nil, &random)
        let regression = iterate(transitions, iterations, from: nil) { rows, targets, _ in
            .linear(LinearValue(rows, targets: targets))
        }
        return learned(regression)
    }

    private func play(by value: LearnedValue?, _ random: inout SeededGenerator) -> [Transition] {
        var transitions: [Transition] = []
        let room = learned(.forest(ValueForest(width: 1)))
        for _ in 0..<played {
            let row = rows[Int(random.next() % UInt64(rows.count))]
            func share() -> Double { Self.shares[Int(random.next() % UInt64(Self.shares.count))] }
            let start = EpisodeBudget(seconds: budget.seconds * share(), dollars: budget.dollars * share())
            var run = EpisodeRun(row, in: simulation, budget: start)
            var before: Int?
            while !run.isDone {
                let view = EpisodeView(run, responses: simulation.responses(run.state))
                let able = view.rewards.indices.filter { run.fits($0, laterTurns: room.later(view)) }
                let features = view.rewards.indices.map { view.features(after: $0, scale: budget, room.outlook) }
                if let before {
                    transitions[before].rewards = able.map { view.rewards[$0] }
                    transitions[before].next = able.map { features[$0] }
                    transitions[before].weight = room.outlook.weight(after: run.turn)
                }
                let isRandom = value == nil || random.unit() < Self.exploration
                let action: Int
                if let value, !isRandom {
                    action = value.action(view)
                } else {
                    action = able.isEmpty ? 0 : able[Int(random.next() % UInt64(able.count))]
                }
                before = transitions.count
                transitions.append(Transition(row: features[action]))
                run.take(action, responses: view.responses)
            }
        }
        return transitions
    }

    private func iterate(
        _ transitions: [Transition], _ iterations: Int, from start: LearnedValue.Regression?,
        _ regression: (_ rows: [[Float]], _ targets: [Double], _ isLast: Bool) -> LearnedValue.Regression
    ) -> LearnedValue.Regression {
        let rows = transitions.map(\.row)
        var fitted = start
        for iteration in 0..<iterations {
            let targets = transitions.map { transition -> Double in
                transition.rewards.indices.map { place in
                    transition.rewards[place] + (fitted?.value(transition.next[place]) ?? 0)
                }.max().map { $0 * transition.weight } ?? 0
            }
            fitted = regression(rows, targets, iteration == iterations - 1)
        }
        return fitted ?? .forest(ValueForest(width: 1))
    }
}
