import Estimation

/// The simulated score of any action at any turn, from logged turns.
///
/// As the code of arXiv 2502.11007 does: the mean of the five nearest logged pairs of state and action, by inverse
/// Euclidean distance. A state holds, for each of the last five turns, the action before it, the sources that this sent,
/// and the task's index; -1 where there was no turn. Nothing here is a measurement of an action that was not logged.
struct EpisodeSimulation: Sendable {
    let actions: EpisodeActions
    let tasks: [String]
    let width: Int
    private let states: [Float]
    private let taken: [Int]
    private let scores: [Float]
    /// Squared distance between two actions.
    private let actionDistances: [[Float]]

    static let neighbours = 5

    init(actions: EpisodeActions, tasks: [String], states: [Float], taken: [Int], scores: [Float]) {
        self.actions = actions
        self.tasks = tasks
        self.states = states
        self.taken = taken
        self.scores = scores
        width = EpisodeProfile.stateWidth(sources: actions.sources)
        let vectors = (0..<actions.count).map { actions.vector($0) }
        actionDistances = vectors.map { one in
            vectors.map { other in zip(one, other).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } }
        }
    }

    /// From recorded dialogues; all rows have the same sources.
    init(rows: [EpisodeRow], actions: EpisodeActions, tasks: [String]) {
        var (states, taken, scores): ([Float], [Int], [Float]) = ([], [], [])
        for row in rows {
            var state = EpisodeState(actions: actions)
            for step in row.steps {
                state.begin(task: tasks.firstIndex(of: step.task) ?? tasks.count)
                let action = EpisodeActions.action(of: step)
                states += state.values
                taken.append(action)
                scores.append(Float(step.acceptedScore))
                state.take(action, actions)
            }
        }
        self.init(actions: actions, tasks: tasks, states: states, taken: taken, scores: scores)
    }

    /// The logged pairs, for a profile.
    var logged: (states: [Float], actions: [Int], scores: [Float]) { (states, taken, scores) }

    /// The score of every action at a state.
    func responses(_ state: EpisodeState) -> [Double] {
        let count = taken.count
        var base = [Float](repeating: 0, count: count)
        state.values.withUnsafeBufferPointer { now in
            states.withUnsafeBufferPointer { states in
                for row in 0..<count {
                    var sum: Float = 0
                    for column in 0..<width {
                        let difference = states[row * width + column] - now[column]
                        sum += difference * difference
                    }
                    base[row] = sum
                }
            }
        }
        let near = min(Self.neighbours, count)
        var nearest = [(distance: Float, row: Int)](repeating: (0, 0), count: near)
        return (0..<actions.count).map { action in
            let further = actionDistances[action]
            var filled = 0
            for row in 0..<count {
                let distance = base[row] + further[taken[row]]
                if filled == near, distance >= nearest[near - 1].distance { continue }
                var place = filled < near ? filled : near - 1
                while place > 0, nearest[place - 1].distance > distance {
                    nearest[place] = nearest[place - 1]
                    place -= 1
                }
                nearest[place] = (distance, row)
                filled = min(filled + 1, near)
            }
            var (sum, weight) = (0.0, 0.0)
            for (distance, row) in nearest {
                let share = 1 / (Double(distance).squareRoot() + 1e-6)
                sum += share * Double(scores[row])
                weight += share
            }
            return weight > 0 ? sum / weight : 0
        }
    }
}

/// What the simulation knows of a dialogue at a turn: the last turns' actions and tasks.
struct EpisodeState: Sendable {
    /// `window` turns, oldest first.
    private(set) var values: [Float]
    private var before: [Float]
    private let stride: Int

    init(actions: EpisodeActions) {
        stride = actions.sources + 2
        values = [Float](repeating: -1, count: EpisodeProfile.window * stride)
        before = [-1] + [Float](repeating: 0, count: actions.sources)
    }

    /// Begins the next turn.
    mutating func begin(task: Int) {
        values.removeFirst(stride)
        values += before
        values.append(Float(task))
    }

    /// The turn's action.
    mutating func take(_ action: Int, _ actions: EpisodeActions) { before = actions.vector(action) }
}
