import Synchronization

/// The requests under names (`Idempotency-Key`) that this store is at, and those that it gave up and could not yet say so.
final class OpenIdempotencyKeys: Sendable {
    private struct State {
        var open: Set<IdempotencyClaim> = []
        var givenUp: [IdempotencyClaim: Bool] = [:]
    }

    private let state = Mutex(State())

    func isOpen(_ request: String, lease: Int64) -> Bool {
        state.withLock { state in state.open.contains { $0.request == request && $0.lease == lease } }
    }

    func isOpen(_ ticket: IdempotencyClaim) -> Bool { state.withLock { $0.open.contains(ticket) } }

    func begin(_ ticket: IdempotencyClaim) { state.withLock { _ = $0.open.insert(ticket) } }

    func end(_ ticket: IdempotencyClaim) {
        state.withLock { state in
            state.open.remove(ticket)
            state.givenUp.removeValue(forKey: ticket)
        }
    }

    /// Nobody works on it any more; the database is to be told.
    func giveUp(_ ticket: IdempotencyClaim, mayHaveMade: Bool) {
        state.withLock { state in
            state.open.remove(ticket)
            state.givenUp[ticket] = mayHaveMade
        }
    }

    /// Each with whether it may have made something.
    var givenUp: [IdempotencyClaim: Bool] { state.withLock { $0.givenUp } }
}
