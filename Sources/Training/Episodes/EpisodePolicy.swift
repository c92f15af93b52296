import Domain
import Estimation

/// A way to choose the action of a turn.
enum EpisodePolicy: Sendable {
    /// The own hardware for every turn.
    case local
    /// The provider for every turn, with the first sources up to a number; nil for all of them.
    case cloud(sources: Int?)
    /// The own hardware for half of the turns, else any subset.
    case random
    /// The greatest predicted reward of this turn; masked: among the actions that fit what is left.
    case greedy(isMasked: Bool)
    /// The same less constant prices of seconds and dollars, each per whole budget.
    case priced(seconds: Double, dollars: Double)
    /// The plan of the service: this turn and a few like it, as many as lie behind, under what is left.
    case planned
    /// The predicted reward of this turn and the learned value of the turns after it.
    case learned(LearnedValue)

    /// The action of a turn.
    func action(_ view: EpisodeView, scale: EpisodeBudget, _ random: inout SeededGenerator) -> Int {
        let count = view.rewards.count
        switch self {
        case .local: return 0
        case .cloud(let sources): return sources.map { min(1 << $0, count - 1) } ?? count - 1
        case .random: return random.unit() < 0.5 ? 0 : 1 + Int(random.next() % UInt64(count - 1))
        case .greedy(let isMasked):
            if isMasked { return view.best(laterTurns: 0) { view.rewards[$0] } }
            return view.rewards.indices.max { (view.rewards[$0], $1) < (view.rewards[$1], $0) } ?? 0
        case .priced(let seconds, let dollars):
            let actions = view.run.simulation.actions
            return view.best(laterTurns: 0) { action in
                view.rewards[action] - seconds * actions.seconds[action] / scale.seconds - dollars
                    * actions.dollars[action] / scale.dollars
            }
        case .planned: return EpisodePlan(view).action
        case .learned(let value): return value.action(view)
        }
    }
}

/// The learned value of the rest of a run, with the multipliers of its budgets.
struct LearnedValue: Sendable {
    /// The regression of the value.
    enum Regression: Sendable {
        case forest(ValueForest)
        case linear(LinearValue)

        func value(_ row: [Float]) -> Double {
            switch self {
            case .forest(let forest): forest.value(row)
            case .linear(let line): line.value(row)
            }
        }
    }

    var regression: Regression
    /// Prices of seconds and dollars per whole budget, beyond what the value says.
    var multipliers: [Double] = [0, 0]
    /// The budgets that features are scaled by.
    let scale: EpisodeBudget
    /// Turns for which room is kept on the own hardware.
    let longest: Int
    let outlook: EpisodeOutlook

    /// The expected reward of a turn and the rest of the run, by action.
    func total(_ view: EpisodeView, _ action: Int) -> Double {
        let actions = view.run.simulation.actions
        return view.rewards[action] + regression.value(view.features(after: action, scale: scale, outlook))
            - multipliers[0] * actions.seconds[action] / scale.seconds
            - multipliers[1] * actions.dollars[action] / scale.dollars
    }

    func action(_ view: EpisodeView) -> Int { view.best(laterTurns: later(view)) { total(view, $0) } }

    /// Turns that may follow: up to twice the longest recorded run. Each needs room on the own hardware.
    func later(_ view: EpisodeView) -> Int { max(2 * longest - view.run.turn - 1, 0) }
}

/// A linear value by ridge regression: the stand-in for a network without hidden layers.
struct LinearValue: Sendable {
    private let weights: [Double]

    static let penalty = 1.0

    init(_ rows: [[Float]], targets: [Double]) {
        let width = (rows.first?.count ?? 0) + 1
        var matrix = [Double](repeating: 0, count: width * width)
        var right = [Double](repeating: 0, count: width)
        for (row, target) in zip(rows, targets) {
            let values = row.map { Double($0) } + [1]
            for one in 0..<width {
                right[one] += values[one] * target
                for other in 0...one { matrix[one * width + other] += values[one] * values[other] }
            }
        }
        for one in 0..<width { matrix[one * width + one] += Self.penalty }
        weights = Cholesky.solve(&matrix, columns: right.map { [$0] }, size: width).map { $0[0] }
    }

    func value(_ row: [Float]) -> Double {
        var sum = weights[row.count]
        for (place, value) in row.enumerated() { sum += weights[place] * Double(value) }
        return sum
    }
}
