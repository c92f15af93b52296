import Calls
package import Ledger
import ServiceLifecycle

/// Claims work that no living node has: when it is announced, when there is room again, and now and then that of the
/// dead.
package struct LeaseLoop: Sendable {
    /// Ticks when there may be something to claim, or room for it.
    private let bells: AsyncStream<Void>
    private let bell: AsyncStream<Void>.Continuation

    package init() {
        (bells, bell) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Has work claimed soon.
    package func ring() { bell.yield() }

    /// Runs until the shutdown.
    ///
    /// - Parameters:
    ///   - take: told of what was written to the ledger, here or elsewhere.
    ///   - look: done three times within a lease, before work is claimed.
    ///   - claim: claims what there is room for, and begins it.
    package func run(
        on stepService: StepService, take: @escaping @Sendable (LedgerNotification) async -> Void,
        look: @escaping @Sendable () async -> Void, claim: @escaping @Sendable () async -> Void
    ) async {
        await stepService.fleet.surveyed()
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { for await notice in stepService.ledger.notices() { await take(notice) } }
                group.addTask {
                    while (try? await Task.sleep(for: .seconds(stepService.settings.limits.leaseSeconds / 3))) != nil {
                        await look()
                        ring()
                    }
                }
                ring()
                for await _ in bells { await claim() }
                group.cancelAll()
            }
        }
    }
}
