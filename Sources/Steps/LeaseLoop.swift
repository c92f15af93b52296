import Calls
package import Ledger
import ServiceLifecycle

/// Claims work that no living node has: when it is announced, when there is room again, and now and then that of the
/// dead.
package struct LeaseLoop: Sendable {
    /// Ticks when there may be something to claim, or room for it.
    private let wakeups: AsyncStream<Void>
    private let wakeup: AsyncStream<Void>.Continuation

    package init() {
        (wakeups, wakeup) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Has work claimed soon.
    package func wake() { wakeup.yield() }

    /// Runs until the shutdown.
    ///
    /// - Parameters:
    ///   - take: told of what was written to the ledger, here or elsewhere.
    ///   - look: done three times within a lease, before work is claimed.
    ///   - claim: claims what there is room for, and begins it.
    package func run(
        on stepService: StepService, handle: @escaping @Sendable (LedgerNotification) async -> Void,
        check: @escaping @Sendable () async -> Void, claim: @escaping @Sendable () async -> Void
    ) async {
        await stepService.fleet.surveyed()
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { for await notification in stepService.ledger.notices() { await handle(notification) } }
                group.addTask {
                    while (try? await Task.sleep(for: .seconds(stepService.settings.limits.leaseSeconds / 3))) != nil {
                        await check()
                        wake()
                    }
                }
                wake()
                for await _ in wakeups { await claim() }
                group.cancelAll()
            }
        }
    }
}
