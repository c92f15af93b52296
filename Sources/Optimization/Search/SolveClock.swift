/// When a solve has to end: its time limit, or the cancellation of the task that asked.
struct SolveClock: Sendable {
    private let end: ContinuousClock.Instant

    init(limit: Duration) {
        // A limit of years would overflow the instant; a day is for ever here.
        end = ContinuousClock.now.advanced(by: min(limit, .seconds(86_400)))
    }

    /// Whether the time is up. Throws when the task was cancelled.
    func isOver() throws(OptimizationError) -> Bool {
        if Task.isCancelled { throw .cancelled }
        return ContinuousClock.now >= end
    }

    /// What is left, at least 0.
    var remaining: Duration { max(.zero, ContinuousClock.now.duration(to: end)) }
}
