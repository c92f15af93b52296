import Domain

/// How many retries a model's calls may have: a share of its newest calls, and a few a minute for quiet models.
///
/// Without a bound, a server that fails gets several times its usual calls at the very moment when it can bear least.
/// A pure state machine: the caller passes the time.
struct RetryBudget: Hashable, Sendable {
    /// Retries that each call earns.
    private static let share = 0.2
    /// Retries that a model has at first, and gets back with time where its calls earn none.
    private static let least = 5.0
    /// Retries earned a second, up to `least`.
    private static let perSecond = 0.1
    /// Retries that may be saved up: those of 100 calls.
    private static let most = 20.0

    private var credit = Self.least
    private var lastChange: Timestamp?

    /// Records a call.
    mutating func earn(at now: Timestamp) {
        refill(at: now)
        credit = min(Self.most, credit + Self.share)
    }

    /// Takes a retry; false where none is left.
    mutating func take(at now: Timestamp) -> Bool {
        refill(at: now)
        // Shares are no binary fractions.
        guard credit >= 1 - 1e-9 else { return false }
        credit -= 1
        return true
    }

    private mutating func refill(at now: Timestamp) {
        if let lastChange, credit < Self.least {
            credit = min(Self.least, credit + Self.perSecond * max(0, now.seconds - lastChange.seconds))
        }
        lastChange = now
    }
}

/// The wait before a retry at the same server. Pure.
enum RetryPause {
    private static let shortest = 0.05
    private static let longest = 0.25

    /// Seconds, between the shortest and the longest pause: calls that failed together come back one by one.
    ///
    /// - Parameter chance: 0..<1.
    static func seconds(_ chance: Double) -> Double { shortest + (longest - shortest) * chance }
}
