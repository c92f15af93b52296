import Synchronization

/// Signals changes of jobs to watchers. Carries no data: watchers read the ledger.
package final class JobFeed: Sendable {
    private struct Watchers {
        var next = 0
        var byJob: [String: [Int: AsyncStream<Void>.Continuation]] = [:]
    }

    private let watchers = Mutex(Watchers())

    package init() {}

    /// A stream that ticks on every change of the job; unread ticks are coalesced.
    package func ticks(of job: String) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = watchers.withLock { watchers in
            watchers.next += 1
            watchers.byJob[job, default: [:]][watchers.next] = continuation
            return watchers.next
        }
        continuation.onTermination = { [weak self] _ in self?.remove(job, number) }
        return stream
    }

    package func publish(_ job: String) {
        let waiting = watchers.withLock { $0.byJob[job].map { Array($0.values) } ?? [] }
        for continuation in waiting { continuation.yield() }
    }

    /// Ticks all watchers, since other processes on a SQLite file send no notifications.
    package func publishAll() {
        let waiting = watchers.withLock { $0.byJob.values.flatMap(\.values) }
        for continuation in waiting { continuation.yield() }
    }

    private func remove(_ job: String, _ number: Int) {
        watchers.withLock { watchers in
            watchers.byJob[job]?.removeValue(forKey: number)
            if watchers.byJob[job]?.isEmpty == true { watchers.byJob.removeValue(forKey: job) }
        }
    }
}
