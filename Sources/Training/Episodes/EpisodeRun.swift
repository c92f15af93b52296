import Estimation

/// The budgets of an episode.
package struct EpisodeBudget: Hashable, Sendable {
    /// Most seconds of the episode.
    package var seconds: Double
    /// Most USD of the episode.
    package var dollars: Double

    package init(seconds: Double, dollars: Double) {
        self.seconds = seconds
        self.dollars = dollars
    }
}

/// A dialogue that is played turn by turn in the simulation.
struct EpisodeRun: Sendable {
    let row: EpisodeRow
    let simulation: EpisodeSimulation
    /// From 0.
    private(set) var turn = 0
    private(set) var state: EpisodeState
    /// What is left of the budgets.
    private(set) var left: EpisodeBudget
    private(set) var taken: [Int] = []
    private(set) var tasks: [Int] = []
    /// All sources sent so far, as bits.
    private(set) var used = 0
    private(set) var isOver = false
    private(set) var rewards: [Double] = []
    private(set) var scores: [Double] = []

    /// The weight of association, latency and usage beside a response's 1.
    static let smallWeight = 1.0 / 3

    init(_ row: EpisodeRow, in simulation: EpisodeSimulation, budget: EpisodeBudget) {
        self.row = row
        self.simulation = simulation
        left = budget
        state = EpisodeState(actions: simulation.actions)
        begin()
    }

    var isDone: Bool { turn >= row.steps.count }

    private mutating func begin() {
        guard !isDone else { return }
        let task = simulation.tasks.firstIndex(of: row.steps[turn].task) ?? simulation.tasks.count
        tasks.append(task)
        state.begin(task: task)
    }

    /// The reward of every action at this turn beside its response: association less latency and usage.
    var extras: [Double] {
        let association = row.association[turn]
        let sum = association.reduce(0, +)
        let actions = simulation.actions
        return (0..<actions.count).map { action in
            var shown = 0.0
            for (source, value) in association.enumerated()
            where EpisodeActions.mask(action) >> source & 1 == 1 { shown += value }
            let share = sum > 0 ? shown / sum : 0
            return Self.smallWeight * (share - actions.scaledSeconds[action] - actions.scaledDollars[action])
        }
    }

    /// The same of a turn whose association is not known: its sources are taken to matter alike.
    var expectedExtras: [Double] {
        let actions = simulation.actions
        return (0..<actions.count).map { action in
            let sent = Double(EpisodeActions.mask(action).nonzeroBitCount) / Double(max(actions.sources, 1))
            return Self.smallWeight * (sent - actions.scaledSeconds[action] - actions.scaledDollars[action])
        }
    }

    /// Whether an action and one of the own hardware at each of some later turns fit the budgets left.
    func fits(_ action: Int, laterTurns: Int) -> Bool {
        let actions = simulation.actions
        let (seconds, dollars) = (actions.seconds, actions.dollars)
        let later = Double(laterTurns)
        return seconds[action] + later * seconds[0] <= left.seconds
            && dollars[action] + later * dollars[0] <= left.dollars
    }

    /// Whether an action fits the budgets after another one.
    func fits(_ action: Int, after earlier: Int) -> Bool {
        let actions = simulation.actions
        return actions.seconds[action] + actions.seconds[earlier] <= left.seconds
            && actions.dollars[action] + actions.dollars[earlier] <= left.dollars
    }

    /// Takes an action. A turn beyond a budget has the reward 0.
    /// - Parameter responses: by action, as simulated for this turn.
    mutating func take(_ action: Int, responses: [Double]) {
        let reward = responses[action] + extras[action]
        let actions = simulation.actions
        left.seconds -= actions.seconds[action]
        left.dollars -= actions.dollars[action]
        if left.seconds < 0 || left.dollars < 0 { isOver = true }
        rewards.append(isOver ? 0 : reward)
        scores.append(responses[action])
        taken.append(action)
        used |= EpisodeActions.mask(action)
        state.take(action, actions)
        turn += 1
        begin()
    }
}
