#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The shares of the panels in a text, for two readings: as a single step, and as the task of a run.
///
/// A panel of answers predicts one call, a panel of runs predicts many. Both may have been recorded on the same texts,
/// so they do not compete: a step belongs to the panels of answers first, and panels of runs get the remaining share.
package struct PanelShares: Sendable {
    /// Shares of a step, by panel. The sum is below 1 where the text resembles no panel.
    package private(set) var step: [Float]
    /// Shares of a run's task, by panel; 0 for panels of answers.
    private(set) var run: [Float]
    /// The total share of the panels of answers in the step.
    private(set) var answers: Float = 0
    private let isOfRuns: [Bool]

    /// The log-odds of belonging to no panel. 9 of 10 of a panel's own validation texts score 0 or more, those of
    /// others rarely more than -2.
    private static let none: Float = -1

    /// - Parameters:
    ///   - scores: the gate's log-odds that a text belongs to the panel rather than to any other. One more number is
    ///     those of belonging to none, where the gate was trained with such texts.
    ///   - isOfRuns: by panel.
    init(scores: [Float], isOfRuns: [Bool]) {
        self.isOfRuns = isOfRuns
        step = [Float](repeating: 0, count: isOfRuns.count)
        run = step
        let none = scores.count > isOfRuns.count ? max(scores[isOfRuns.count], Self.none) : Self.none
        for ofRuns in [false, true] {
            let members = isOfRuns.indices.filter { isOfRuns[$0] == ofRuns }
            let greatest = members.reduce(none) { max($0, scores[$1]) }
            var sum = exp(none - greatest)
            for panel in members { sum += exp(scores[panel] - greatest) }
            for panel in members {
                let share = exp(scores[panel] - greatest) / sum
                if ofRuns {
                    run[panel] = share
                    step[panel] = (1 - answers) * share
                } else {
                    step[panel] = share
                }
            }
            if !ofRuns { answers = members.reduce(0) { $0 + step[$1] } }
        }
    }

    /// The shares of the panels of answers in a step, normalised to 1. Without any, all panels get an equal share.
    package var amongAnswers: [Float] {
        if answers <= 0 { return step.map { _ in 1 / Float(max(step.count, 1)) } }
        return step.indices.map { isOfRuns[$0] ? 0 : step[$0] / answers }
    }

    /// Without a gate every panel has an equal share.
    package init(evenly isOfRuns: [Bool]) {
        self.isOfRuns = isOfRuns
        let share = 1 / Float(max(isOfRuns.count, 1))
        step = isOfRuns.map { _ in share }
        run = isOfRuns.map { $0 ? share : 0 }
        answers = isOfRuns.reduce(0) { $0 + ($1 ? 0 : share) }
    }
}
