import Estimation

/// What recorded dialogues say of the turn after a turn: whether there is one, and its task.
struct EpisodeOutlook: Sendable {
    /// By turns done, the share of dialogues that go on.
    let continuation: [Double]
    /// By task, its share of the turns.
    let tasks: [Double]

    init(continuation: [Double], tasks: [Double]) {
        self.continuation = continuation
        self.tasks = tasks
    }

    init(rows: [EpisodeRow], tasks names: [String]) {
        let lengths = rows.map(\.steps.count)
        continuation = (0...(lengths.max() ?? 0)).map { done in
            let reached = lengths.count { $0 >= done }
            return reached > 0 ? Double(lengths.count { $0 > done }) / Double(reached) : 0
        }
        let turns = rows.flatMap(\.steps)
        tasks = names.map { name in
            turns.isEmpty ? 0 : Double(turns.count { $0.task == name }) / Double(turns.count)
        }
    }

    /// What a reward of the turn after some turns counts against one of the last of these, where the mean over dialogues
    /// of a turn's mean reward is to be great: turns of short dialogues count more, and late turns are of long ones.
    func weight(after done: Int) -> Double {
        let (now, next) = (share(ofTurn: done), share(ofTurn: done + 1))
        return now > 0 ? next / now : 0
    }

    /// The mean of 1 / length over dialogues of at least some turns.
    private func share(ofTurn turn: Int) -> Double {
        var (reached, sum, weight) = (1.0, 0.0, 0.0)
        for length in turn..<max(continuation.count, turn) {
            let ends = reached * (1 - continuation[length])
            sum += ends / Double(max(length, 1))
            weight += ends
            reached *= continuation[length]
        }
        return weight > 0 ? sum / weight : 0
    }

    /// The reward to expect of the turn after an action, by what its tasks may be: of the best action that fits, and of
    /// the own hardware. Sources are assumed to matter alike.
    func next(_ run: EpisodeRun, after action: Int) -> (best: Double, own: Double) {
        let share = run.turn + 1 < continuation.count ? continuation[run.turn + 1] : 0
        guard share > 0 else { return (0, 0) }
        let simulation = run.simulation
        let actions = simulation.actions
        let extras = run.expectedExtras
        let able = (0..<actions.count).filter { run.fits($0, after: action) }
        var (best, own) = (0.0, 0.0)
        for (task, weight) in tasks.enumerated() where weight > 0 {
            var state = run.state
            state.take(action, actions)
            state.begin(task: task)
            let responses = simulation.responses(state)
            own += weight * (responses[0] + extras[0])
            best += weight * (able.map { responses[$0] + extras[$0] }.max() ?? responses[0] + extras[0])
        }
        return (share * best, share * own)
    }
}
