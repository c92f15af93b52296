import ServiceLifecycle
import Synchronization

/// Runs work that outlives its request: a paid call is read and booked even if the client has disconnected.
package final class WorkPool: Service {
    package typealias Work = @Sendable () async -> Void

    private let stream: AsyncStream<Work>
    private let continuation: AsyncStream<Work>.Continuation

    package init() {
        (stream, continuation) = AsyncStream.makeStream(of: Work.self)
    }

    /// Runs until graceful shutdown, then finishes the work under way and returns.
    package func run() async {
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                for await work in stream { group.addTask { await work() } }
            }
        } onGracefulShutdown: { [continuation] in
            continuation.finish()
        }
    }

    /// Submits work; false after shutdown has begun.
    package func submit(_ work: @escaping Work) -> Bool {
        if case .terminated = continuation.yield(work) { return false }
        return true
    }

    /// Runs work in the pool and waits for its result; nil after shutdown has begun.
    package func result<Success: Sendable>(of work: @escaping @Sendable () async -> Success) async -> Success? {
        await withCheckedContinuation { waiting in
            let isAccepted = submit { waiting.resume(returning: await work()) }
            if !isAccepted { waiting.resume(returning: nil) }
        }
    }
}
