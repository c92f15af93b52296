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
        var features = RunFeatures()
        features.left = (
            (run.left.seconds - actions.seconds[action]) / scale.seconds,
            (run.left.dollars - actions.dollars[action]) / scale.dollars
        )
        features.turns = run.turn + 1
        features.action = EpisodeActions.runAction(action)
        features.used = run.used | EpisodeActions.mask(action)
        features.tasks = run.simulation.tasks.indices.map { task in
            (Double(run.tasks.count { $0 == task }), run.tasks.last == task)
        }
        features.responses = (responses[0], responses[1], responses[action], responses.max() ?? 0)
        features.next = outlook.next(run, after: action)
        features.before = run.taken.suffix(3).reversed().map(EpisodeActions.runAction)
        return features.row(sources: actions.sources)
    }
}
