import ServiceLifecycle
import Synchronization

/// Runs work that outlives its request: a paid call is read and booked even if the client has disconnected.
package final class WorkPool: Service {
    package typealias Work = @Sendable () async -> Void

    /// Where work of this task runs: nil for the concurrent default.
    @TaskLocal package static var executor: (any TaskExecutor)?

    private struct Item: Sendable {
        let work: Work
        let executor: (any TaskExecutor)?
    }

    private let stream: AsyncStream<Item>
    private let continuation: AsyncStream<Item>.Continuation
    private let starter: (any TaskExecutor)?

    /// - Parameter starter: where `run` begins the work; nil for the concurrent default.
    package init(starter: (any TaskExecutor)? = nil) {
        (stream, continuation) = AsyncStream.makeStream(of: Item.self)
        self.starter = starter
    }

    /// Runs until graceful shutdown, then finishes the work under way and returns.
    package func run() async {
        await withGracefulShutdownHandler {
            await withTaskExecutorPreference(starter) {
                await withDiscardingTaskGroup { group in
                    for await item in stream {
                        group.addTask(executorPreference: item.executor ?? globalConcurrentExecutor) {
                            await item.work()
                        }
                    }
                }
            }
        } onGracefulShutdown: { [continuation] in
            continuation.finish()
        }
    }

    /// Submits work; false after shutdown has begun. It runs on the executor of the task that submits it.
    package func submit(_ work: @escaping Work) -> Bool {
        if case .terminated = continuation.yield(Item(work: work, executor: Self.executor)) { return false }
        return true
    }

    /// Runs work in the pool and waits for its value.
    ///
    /// - Throws: what the work throws; `ServiceError.shuttingDown` after shutdown has begun.
    package func value<Value: Sendable>(of work: @escaping @Sendable () async throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { waiting in
            let isAccepted = submit {
                do {
                    waiting.resume(returning: try await work())
                } catch {
                    waiting.resume(throwing: error)
                }
            }
            if !isAccepted { waiting.resume(throwing: ServiceError.shuttingDown) }
        }
    }
}
