import Synchronization

/// The newest word on how far a batch is, for those who look from outside.
final class BatchSnapshot: Sendable {
    private let newest = Mutex<BatchProgress?>(nil)

    func update(_ progress: BatchProgress) { newest.withLock { $0 = progress } }

    /// Nil before the first word.
    var progress: BatchProgress? { newest.withLock { $0 } }
}
