package import Domain

/// Blocks calls of a model that fails repeatedly, and admits trial calls to find out whether it has recovered.
///
/// A pure state machine: the caller passes the time.
package struct CircuitBreaker: Hashable, Sendable {
    /// Consecutive failures that open it.
    package static let failuresToOpen = 3
    /// Seconds that it stays open. Each failed trial doubles them, up to `longestPause`.
    package static let firstPause = 5.0
    package static let longestPause = 120.0

    private var failures = 0
    private var pause = CircuitBreaker.firstPause
    private var closedAgainAt: Timestamp?
    /// The last failure that opened it or kept it open.
    package private(set) var reason: String?

    package init() {}

    /// Whether a call may be made now.
    package func admits(at now: Timestamp) -> Bool {
        guard let closedAgainAt else { return true }
        return now >= closedAgainAt
    }

    package mutating func recordSuccess() {
        self = CircuitBreaker()
    }

    package mutating func recordFailure(_ reason: String, at now: Timestamp) {
        failures += 1
        guard failures >= Self.failuresToOpen else { return }
        if closedAgainAt != nil { pause = min(pause * 2, Self.longestPause) }
        closedAgainAt = now.advanced(bySeconds: pause)
        self.reason = reason
    }
}
