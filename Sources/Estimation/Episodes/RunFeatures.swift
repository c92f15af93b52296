/// Features of the learned value of a run's rest, after an action.
///
/// The same row is read of simulated dialogues in training and of live sessions.
package struct RunFeatures: Sendable {
    /// Shares of the budgets of seconds and of USD that the action leaves.
    package var left: (seconds: Double, dollars: Double) = (1, 1)
    /// Turns done, this one included.
    package var turns = 1
    /// Where the turn is answered, and what it is sent.
    package var action = RunAction.own
    /// Sources sent so far, this turn's among them, as bits.
    package var used = 0
    /// By task: how many turns had it, and whether this one has.
    package var tasks: [(count: Double, isThis: Bool)] = []
    /// Predicted responses: of the own hardware, of the provider without sources, of the action, and the greatest.
    package var responses: (own: Double, provider: Double, action: Double, best: Double) = (0, 0, 0, 0)
    /// The reward to expect of the next turn: of the best action that fits, and of the own hardware.
    package var next: (best: Double, own: Double) = (0, 0)
    /// The actions before this one, the latest first; only three are read.
    package var before: [RunAction] = []

    package init() {}

    /// The row, in the order that values are learned in.
    ///
    /// - Parameter sources: number of sources of the suite.
    package func row(sources: Int) -> [Float] {
        var row = [Float(left.seconds), Float(left.dollars), Float(turns)]
        row.reserveCapacity(Self.width(sources: sources, tasks: tasks.count))
        row += action.vector(sources: sources)
        row.append(Float(action.mask.nonzeroBitCount))
        for source in 0..<sources { row.append(used >> source & 1 == 1 ? 1 : 0) }
        for task in tasks {
            row.append(Float(task.count))
            row.append(task.isThis ? 1 : 0)
        }
        row += [
            Float(responses.own), Float(responses.provider), Float(responses.action), Float(responses.best),
            Float(next.best), Float(next.own),
        ]
        for back in 0..<3 {
            row +=
                back < before.count
                ? before[back].vector(sources: sources) : [Float](repeating: -1, count: sources + 1)
        }
        return row
    }

    /// Numbers of a row.
    package static func width(sources: Int, tasks: Int) -> Int {
        3 + (sources + 2) + sources + 2 * tasks + 6 + 3 * (sources + 1)
    }
}

/// Where a turn is answered, and the sources that it is sent.
package struct RunAction: Hashable, Sendable {
    /// Whether a provider answers; else the operator's own hardware.
    package var isProvider: Bool
    /// The sources sent, as bits.
    package var mask: Int

    /// The own hardware without sources.
    package static let own = RunAction(isProvider: false, mask: 0)

    package init(isProvider: Bool, mask: Int) {
        self.isProvider = isProvider
        self.mask = mask
    }

    /// Whether a provider answers, then whether each source is sent.
    package func vector(sources: Int) -> [Float] {
        [isProvider ? 1 : 0] + (0..<sources).map { mask >> $0 & 1 == 1 ? 1 : 0 }
    }
}
