import Synchronization

/// Latest progress of a running batch, readable from any thread.
final class BatchSnapshot: Sendable {
    private let newest = Mutex<BatchProgress?>(nil)

    func update(_ progress: BatchProgress) { newest.withLock { $0 = progress } }

    /// Nil before the first update.
    var progress: BatchProgress? { newest.withLock { $0 } }
}
