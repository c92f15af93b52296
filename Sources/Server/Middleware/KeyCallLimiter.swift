import Synchronization

/// Counts the calls of each key that are under way, for keys with a limit of calls at the same time.
final class KeyCallLimiter: Sendable {
    private let running = Mutex<[String: Int]>([:])

    /// Begins a call of a key; false where it has as many as it may.
    func begin(_ key: String, most: Int) -> Bool {
        running.withLock { running in
            let count = running[key, default: 0]
            guard count < most else { return false }
            running[key] = count + 1
            return true
        }
    }

    /// Ends a call.
    func end(_ key: String) {
        running.withLock { running in
            let count = running[key, default: 1] - 1
            running[key] = count > 0 ? count : nil
        }
    }
}

/// One call under way, which ends once: when its response is written, or nothing of it is left.
final class KeyCall: Sendable {
    private let limiter: KeyCallLimiter
    private let key: String
    private let hasEnded = Mutex(false)

    /// The call; nil where the key has as many as it may.
    init?(_ limiter: KeyCallLimiter, key: String, most: Int) {
        guard limiter.begin(key, most: most) else { return nil }
        self.limiter = limiter
        self.key = key
    }

    func end() {
        let isFirst = hasEnded.withLock { hasEnded in
            defer { hasEnded = true }
            return !hasEnded
        }
        if isFirst { limiter.end(key) }
    }

    deinit { end() }
}
