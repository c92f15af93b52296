import Synchronization

/// Hands notices to everybody in this process who listens.
final class NotificationHub: Sendable {
    private struct Listeners {
        var next = 0
        var continuations: [Int: AsyncStream<LedgerNotification>.Continuation] = [:]
        var isClosed = false
    }

    private let listeners = Mutex(Listeners())
    /// A listener that falls this far behind loses the oldest: it looks by itself now and then anyway.
    private static let mostWaiting = 4096

    /// Notices from now on, until the hub is closed.
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
