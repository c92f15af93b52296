import Calls
import NIOCore
import NIOPosix
import Testing

@testable import Server

/// Where the work of a call runs.
struct EventLoopExecutorTests {
    private let loops = Array(MultiThreadedEventLoopGroup.singleton.makeIterator())

    @Test("a task stays on its event loop, also after it was resumed from another thread")
    func pinned() async throws {
        for loop in loops {
            await withTaskExecutorPreference(EventLoopExecutor(loop)) {
                #expect(loop.inEventLoop)
                try? await Task.sleep(for: .milliseconds(1))
                #expect(loop.inEventLoop)
                async let child = loop.inEventLoop
                #expect(await child)
            }
        }
    }

    @Test("work of the pool runs on the loop of the connection that submits it, other work on none")
    func pool() async throws {
        let pool = WorkPool(starter: AnyEventLoopExecutor())
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await pool.run() }
            for loop in loops {
                let isOnLoop = try await WorkPool.$executor.withValue(EventLoopExecutor(loop)) {
                    try await pool.value { loop.inEventLoop }
                }
                #expect(isOnLoop == true)
            }
            let loops = loops
            #expect(try await pool.value { loops.contains { $0.inEventLoop } } == false)
            group.cancelAll()
        }
    }
}
