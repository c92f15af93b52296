package import Domain

/// Blocks calls of a model that fails repeatedly or asked for rest, and admits one trial call at a time to find out
/// whether it has recovered.
///
/// A pure state machine: the caller passes the time.
package struct CircuitBreaker: Hashable, Sendable {
    /// The outcome of asking for a call.
    package enum Admission: Hashable, Sendable {
        case call
        /// The one call that finds out whether the model has recovered. Its end must be recorded.
        case trial
        /// Seconds until it is worth asking again.
        case refused(seconds: Double)
    }

    private enum State: Hashable {
        case closed
        case open(until: Timestamp)
        /// A trial is under way.
        case halfOpen
    }

    /// Consecutive failures that open it.
    package static let failuresToOpen = 3
    /// Seconds that it stays open. Each failed trial doubles them, up to `longestPause`.
    package static let firstPause = 5.0
    /// The longest of its own pauses, in seconds.
    package static let longestPause = 120.0
    /// Seconds of rest at most, also where a server asks for more.
    package static let longestRest = 86_400.0

    private var state = State.closed
    private var failures = 0
    private var pause = CircuitBreaker.firstPause
    /// The last failure that opened it or kept it open.
    package private(set) var reason: String?
    /// Whether that failure was a limit of the rate.
    package private(set) var isRateLimited = false

    package init() {}

    /// Whether a call may be made now.
    package func admits(at now: Timestamp) -> Bool {
        switch state {
        case .closed: true
        case .open(let until): now >= until
        case .halfOpen: false
        }
    }

    /// Seconds until a call may be made; 0 where one may be made now. While a trial is under way, its end is not known.
    package func restSeconds(at now: Timestamp) -> Double {
        switch state {
        case .closed: 0
        case .open(let until): max(0, until.seconds - now.seconds)
        case .halfOpen: 1
        }
    }

    /// Asks for a call. The first one after a pause becomes the trial.
    package mutating func admit(at now: Timestamp) -> Admission {
        switch state {
        case .closed: return .call
        case .open(let until) where now >= until:
            state = .halfOpen
            return .trial
        case .open, .halfOpen: return .refused(seconds: restSeconds(at: now))
        }
    }

    /// Closes it.
    package mutating func recordSuccess() {
        self = CircuitBreaker()
    }

    /// Records a failure of the server.
    ///
    /// - Parameters:
    ///   - restSeconds: what the server asked for; opens it at once.
    ///   - isTrial: whether the call was the trial. Others that end during a trial or a pause began before it, and say
    ///     nothing new.
    package mutating func recordFailure(
        _ reason: String, restSeconds: Double? = nil, isRateLimited: Bool = false, isTrial: Bool = false,
        at now: Timestamp
    ) {
        failures += 1
        if let restSeconds, restSeconds > 0 {
            let until = now.advanced(bySeconds: min(restSeconds, Self.longestRest))
            if case .open(let earlier) = state, earlier >= until { return }
            open(until: until, reason, isRateLimited)
            return
        }
        switch state {
        case .closed where failures < Self.failuresToOpen: return
        case .closed: break
        case .open(let until) where now < until: return
        case .halfOpen where !isTrial: return
        case .open, .halfOpen: pause = min(pause * 2, Self.longestPause)
        }
        open(until: now.advanced(bySeconds: pause), reason, isRateLimited)
    }

    /// Ends a trial that did not reach the server. The next call is the trial.
    package mutating func abandonTrial(at now: Timestamp) {
        if state == .halfOpen { state = .open(until: now) }
    }

    private mutating func open(until: Timestamp, _ reason: String, _ isRateLimited: Bool) {
        state = .open(until: until)
        self.reason = reason
        self.isRateLimited = isRateLimited
    }
}
