import Calls
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix

/// Runs tasks on one event loop, so that a call's work and its socket share a thread.
///
/// Source: SE-0417 (task executor preference). A task that is resumed on its own loop needs no wake-up of a thread.
final class EventLoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(_ loop: any EventLoop) {
        self.loop = loop
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

/// Runs each job on the event loop that enqueues it, or on any loop if another thread does.
package final class AnyEventLoopExecutor: TaskExecutor {
    package init() {}

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        // `any()` is the current loop where there is one.
        MultiThreadedEventLoopGroup.singleton.any().execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

/// HTTP/1 connections whose requests are handled on the event loop of their socket.
struct PinnedHTTP1Channel: ServerChildChannel {
    typealias Value = HTTP1Channel.Value

    private let base: HTTP1Channel
    private let executors: [ObjectIdentifier: EventLoopExecutor]

    init(_ base: HTTP1Channel, group: MultiThreadedEventLoopGroup = .singleton) {
        self.base = base
        executors = Dictionary(
            uniqueKeysWithValues: group.makeIterator().map { (ObjectIdentifier($0), EventLoopExecutor($0)) })
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        base.setup(channel: channel, logger: logger)
    }

    func handle(value: Value, logger: Logger) async {
        let executor = executors[ObjectIdentifier(value.channel.eventLoop)]
        await withTaskExecutorPreference(executor) {
            await WorkPool.$executor.withValue(executor) { await base.handle(value: value, logger: logger) }
        }
    }
}
