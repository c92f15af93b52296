package import Calls
package import Ledger
import ServiceLifecycle

/// Claims work without a living owner: on a notification, when capacity frees up, and periodically from dead nodes.
package struct LeaseLoop: Sendable {
    /// Ticks when work or capacity may be available.
    private let wakeups: AsyncStream<Void>
    private let wakeup: AsyncStream<Void>.Continuation

    package init() {
        (wakeups, wakeup) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Triggers a claim.
    package func wake() { wakeup.yield() }

    /// Runs until shutdown.
    ///
    /// - Parameters:
    ///   - models: awaited until they were probed once, since work without a live model would fail.
    ///   - leaseSeconds: lifetime of a lease.
    ///   - handle: receives every ledger notification of this and other nodes.
    ///   - check: runs three times per lease, before a claim.
    ///   - claim: claims and starts work within the free capacity.
    package func run(
        on ledger: LedgerStore, models: ModelRegistry, leaseSeconds: Double,
        handle: @escaping @Sendable (LedgerNotification) async -> Void,
        check: @escaping @Sendable () async -> Void, claim: @escaping @Sendable () async -> Void
    ) async {
        await models.waitUntilProbed()
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { for await notification in ledger.notices() { await handle(notification) } }
                group.addTask {
                    while (try? await Task.sleep(for: .seconds(leaseSeconds / 3))) != nil {
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
