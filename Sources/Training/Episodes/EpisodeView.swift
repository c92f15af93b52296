import Estimation

/// What a policy sees at a turn: the run so far and predicted responses, nothing of later turns.
struct EpisodeView: Sendable {
    let run: EpisodeRun
    /// The predicted response of every action.
    let responses: [Double]
    /// The predicted reward of every action at this turn.
    let rewards: [Double]

    init(_ run: EpisodeRun, responses: [Double]) {
        self.run = run
        self.responses = responses
        rewards = zip(responses, run.extras).map { $0 + $1 }
    }

    /// The greatest of some values over the actions that fit; action 0 if none does.
    func best(laterTurns: Int, _ value: (Int) -> Double) -> Int {
        var found: (action: Int, value: Double)?
        for action in rewards.indices where run.fits(action, laterTurns: laterTurns) {
            let value = value(action)
            if found.map({ value > $0.value }) ?? true { found = (action, value) }
        }
        return found?.action ?? 0
    }

    /// The features of the learned value after an action: what is left, where the run stands, what was sent, tasks so
    /// far, predicted responses of this turn, the reward to expect of the next one, and the latest actions.
    func features(after action: Int, scale: EpisodeBudget, _ outlook: EpisodeOutlook) -> [Float] {
        let actions = run.simulation.actions
        var row = [
            Float((run.left.seconds - actions.seconds[action]) / scale.seconds),
            Float((run.left.dollars - actions.dollars[action]) / scale.dollars), Float(run.turn + 1),
        ]
        row.reserveCapacity(Self.width(sources: actions.sources, tasks: run.simulation.tasks.count))
        row += actions.vector(action)
        row.append(Float(EpisodeActions.mask(action).nonzeroBitCount))
        let used = run.used | EpisodeActions.mask(action)
        for source in 0..<actions.sources { row.append(used >> source & 1 == 1 ? 1 : 0) }
        for task in run.simulation.tasks.indices {
            row.append(Float(run.tasks.count { $0 == task }))
            row.append(run.tasks.last == task ? 1 : 0)
        }
        row += [
            Float(responses[0]), Float(responses[1]), Float(responses[action]), Float(responses.max() ?? 0),
        ]
        let next = outlook.next(run, after: action)
        row += [Float(next.best), Float(next.own)]
        for back in 1..<4 {
            let place = run.taken.count - back
            row +=
                place >= 0
                ? actions.vector(run.taken[place]) : [Float](repeating: -1, count: actions.sources + 1)
        }
        return row
    }

    static func width(sources: Int, tasks: Int) -> Int {
        3 + (sources + 2) + sources + 2 * tasks + 6 + 3 * (sources + 1)
    }
}
