import Domain
import Synchronization

/// Slows down guessing of keys. After some wrong ones from an address, further unknown keys are refused unread for a
/// while, longer with each wrong one.
///
/// Keys that were right before are not held up by others behind the same address. Bounded, and empty after a restart.
final class WrongKeyLimiter: Sendable {
    private struct Tries {
        var count = 0
        var last: Timestamp
        var blockedUntil: Timestamp?
    }

    private struct State {
        var tries: [String: Tries] = [:]
        /// SHA-256 of keys that were right.
        var right: Set<[UInt8]> = []
    }

    private static let freeTries = 10
    private static let firstPause = 1.0
    private static let longestPause = 60.0
    /// Seconds without a wrong key after which an address begins anew.
    private static let memorySeconds = 600.0
    private static let mostAddresses = 10_000
    private static let mostKeys = 10_000

    private let state = Mutex(State())

    /// Seconds for which a key is not looked at; nil if it is.
    func refusal(of digest: [UInt8], from address: String, at now: Timestamp) -> Double? {
        state.withLock { state in
            guard let until = state.tries[address]?.blockedUntil, until > now, !state.right.contains(digest) else {
                return nil
            }
            return until.seconds - now.seconds
        }
    }

    func recordWrong(from address: String, at now: Timestamp) {
        state.withLock { state in
            if state.tries[address] == nil, state.tries.count >= Self.mostAddresses {
                state.tries = state.tries.filter { now.seconds - $0.value.last.seconds < Self.longestPause }
                if state.tries.count >= Self.mostAddresses { state.tries.removeAll() }
            }
            var tries = state.tries[address] ?? Tries(last: now)
            if now.seconds - tries.last.seconds > Self.memorySeconds { tries = Tries(last: now) }
            tries.count += 1
            tries.last = now
            if tries.count >= Self.freeTries {
                let doublings = Double(1 << min(tries.count - Self.freeTries, 10))
                tries.blockedUntil = now.advanced(bySeconds: min(Self.firstPause * doublings, Self.longestPause))
            }
            state.tries[address] = tries
        }
    }

    func recordRight(_ digest: [UInt8]) {
        state.withLock { state in
            if state.right.count >= Self.mostKeys { state.right.removeAll() }
            state.right.insert(digest)
        }
    }
}
