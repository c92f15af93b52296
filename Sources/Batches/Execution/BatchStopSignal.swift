import Synchronization

/// Asks a running batch to stop: no further row begins, those under way end.
package final class BatchStopSignal: Sendable {
    /// Why it is to stop; the first reason stays.
    package enum Reason: Hashable, Sendable {
        /// To go on later.
        case asked
        case cancelled
        /// Another node works on it now.
        case lost
        /// The caller's key may not be used any more; why, in words.
        case forbidden(String)
    }

    private let first = Mutex<Reason?>(nil)

    package init() {}

    package func request(_ reason: Reason = .asked) { first.withLock { $0 = $0 ?? reason } }

    package var reason: Reason? { first.withLock { $0 } }

    package var isRequested: Bool { reason != nil }
}
