#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// How much a text is like the queries of each panel, with two readings: as a single step, and as the task of a run.
///
/// A panel of answers tells what comes of one call, a panel of runs what comes of many. They may have been asked in the
/// very same words, so they do not compete for a text: as a step it belongs to the panels of answers that it is like, and
/// only what they leave goes to panels of runs.
package struct PanelShares: Sendable {
    /// Of a step, by panel; less than 1 together where the text is unlike all of them.
    private(set) var step: [Float]
    /// Of a run's task, by panel; 0 for panels of answers.
    private(set) var run: [Float]
    /// What the panels of answers have of the step together.
    private(set) var answers: Float = 0
    private let isOfRuns: [Bool]

    /// The log-odds of belonging to no panel: 9 of 10 of a panel's own validation texts have 0 and more, those of others
    /// seldom more than -2.
    private static let none: Float = -1

    /// - Parameters:
    ///   - scores: the gate's log-odds that a text is the panel's rather than any other's.
    ///   - isOfRuns: by panel.
    init(scores: [Float], isOfRuns: [Bool]) {
        self.isOfRuns = isOfRuns
        step = [Float](repeating: 0, count: scores.count)
        run = step
        for ofRuns in [false, true] {
            let members = scores.indices.filter { isOfRuns[$0] == ofRuns }
            let greatest = members.reduce(Self.none) { max($0, scores[$1]) }
            var sum = exp(Self.none - greatest)
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

    /// What the panels of answers have of a step, brought to 1 together; where there are none, all panels alike.
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
