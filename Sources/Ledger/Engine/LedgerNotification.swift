import Synchronization

/// A change that other parts of the program, or other nodes, react to.
///
/// A notification only wakes its listeners, which read the ledger themselves. It may be lost with a connection, so that
/// listeners also poll now and then.
package enum LedgerNotification: Hashable, Sendable {
    /// A job's state, events or holder changed.
    case job(String)
    /// A job waits for a node.
    case waitingJob(String)
    /// A batch changed or waits for a node.
    case batch(String)
    /// A key was created or revoked.
    case key(String)
    /// A budget was set or removed.
    case budget(BudgetScope)
}

extension LedgerNotification: CustomStringConvertible {
    /// `job:ID`, `waiting-job:ID`, `batch:ID`, `key:ID` or `budget:SCOPE`.
    package var description: String {
        switch self {
        case .job(let id): "job:\(id)"
        case .waitingJob(let id): "waiting-job:\(id)"
        case .batch(let id): "batch:\(id)"
        case .key(let id): "key:\(id)"
        case .budget(let scope): "budget:\(scope)"
        }
    }

    /// Reads what `description` writes; nil for anything else (a notification of a newer version).
    init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else { return nil }
        switch parts[0] {
        case "job": self = .job(parts[1])
        case "waiting-job": self = .waitingJob(parts[1])
        case "batch": self = .batch(parts[1])
        case "key": self = .key(parts[1])
        case "budget":
            guard let scope = BudgetScope(parts[1]) else { return nil }
            self = .budget(scope)
        default: return nil
        }
    }
}

/// Publishes notifications to the listeners in this process.
final class NotificationHub: Sendable {
    private struct Listeners {
        var next = 0
        var continuations: [Int: AsyncStream<LedgerNotification>.Continuation] = [:]
        var isClosed = false
    }

    private let listeners = Mutex(Listeners())
    /// A listener that falls this far behind loses the oldest ones; it polls anyway.
    private static let mostWaiting = 4096

    /// Notifications from now on, until the hub is closed.
    func stream() -> AsyncStream<LedgerNotification> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: LedgerNotification.self, bufferingPolicy: .bufferingNewest(Self.mostWaiting))
        let number = listeners.withLock { listeners -> Int? in
            if listeners.isClosed { return nil }
            listeners.next += 1
            listeners.continuations[listeners.next] = continuation
            return listeners.next
        }
        guard let number else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in
            self?.listeners.withLock { _ = $0.continuations.removeValue(forKey: number) }
        }
        return stream
    }

    func publish(_ notices: some Sequence<LedgerNotification>) {
        let waiting = listeners.withLock { Array($0.continuations.values) }
        if waiting.isEmpty { return }
        for notice in notices { for continuation in waiting { continuation.yield(notice) } }
    }

    /// Ends all streams.
    func close() {
        let waiting = listeners.withLock { listeners in
            defer { listeners.continuations.removeAll() }
            listeners.isClosed = true
            return Array(listeners.continuations.values)
        }
        for continuation in waiting { continuation.finish() }
    }
}
