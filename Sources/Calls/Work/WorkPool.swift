import ServiceLifecycle
import Synchronization

/// Runs work that outlives its request: a paid call is read and booked even if the client has disconnected.
///
/// Each work begins at once in a task of its own, which the pool holds until it has ended.
package final class WorkPool: Service {
    package typealias Work = @Sendable () async -> Void

    private struct State {
        var isClosed = false
        var tasks: [UInt64: Task<Void, Never>] = [:]
        var last: UInt64 = 0
        /// Resumed when the pool is closed and empty.
        var end: CheckedContinuation<Void, Never>?

        /// The continuation to resume, once there is nothing left to wait for.
        mutating func takeEnd() -> CheckedContinuation<Void, Never>? {
            guard isClosed, tasks.isEmpty else { return nil }
            defer { end = nil }
            return end
        }
    }

    private let state = Mutex(State())

    package init() {}

    /// Runs until graceful shutdown, then waits for the work under way and returns. Cancellation cancels the work.
    package func run() async {
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await withCheckedContinuation { continuation in
                    let end = state.withLock { state in
                        state.end = continuation
                        return state.takeEnd()
                    }
                    end?.resume()
                }
            } onGracefulShutdown: {
                self.close()
            }
        } onCancel: {
            self.close()
            for task in self.state.withLock({ Array($0.tasks.values) }) { task.cancel() }
        }
    }

    private func close() {
        let end = state.withLock { state in
            state.isClosed = true
            return state.takeEnd()
        }
        end?.resume()
    }

    /// Starts work; false after shutdown has begun.
    package func submit(_ work: @escaping Work) -> Bool {
        state.withLock { state in
            guard !state.isClosed else { return false }
            state.last += 1
            let id = state.last
            // It takes the lock at its end, and so cannot end before it is in the table.
            state.tasks[id] = Task {
                await work()
                self.remove(id)
            }
            return true
        }
    }

    private func remove(_ id: UInt64) {
        let end = state.withLock { state in
            state.tasks[id] = nil
            return state.takeEnd()
        }
        end?.resume()
    }

    /// Runs work in the pool and waits for its result; nil after shutdown has begun.
    package func result<Success: Sendable>(of work: @escaping @Sendable () async -> Success) async -> Success? {
        await withCheckedContinuation { waiting in
            let isAccepted = submit { waiting.resume(returning: await work()) }
            if !isAccepted { waiting.resume(returning: nil) }
        }
    }
}
