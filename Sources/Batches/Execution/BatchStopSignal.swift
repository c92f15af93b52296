import Synchronization

/// Stops a running batch: no further call starts, calls in flight complete.
package final class BatchStopSignal: Sendable {
    /// The reason to stop; the first one wins.
    package enum Reason: Hashable, Sendable {
        /// To be resumed later.
        case asked
        case cancelled
        /// Another node holds the lease.
        case lost
        /// The caller's key became invalid, with the reason.
        case forbidden(String)
    }

    private let first = Mutex<Reason?>(nil)

    package init() {}

    package func request(_ reason: Reason = .asked) { first.withLock { $0 = $0 ?? reason } }

    package var reason: Reason? { first.withLock { $0 } }

    package var isRequested: Bool { reason != nil }
}
