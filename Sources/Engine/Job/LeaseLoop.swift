import Ledger
import ServiceLifecycle

/// Claims work that no living node has: when it is announced, when there is room again, and now and then that of the
/// dead.
struct LeaseLoop: Sendable {
    /// Ticks when there may be something to claim, or room for it.
    private let bells: AsyncStream<Void>
    private let bell: AsyncStream<Void>.Continuation

    init() {
        (bells, bell) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Has work claimed soon.
    func ring() { bell.yield() }

    /// Runs until the shutdown.
    ///
    /// - Parameters:
    ///   - take: told of what was written to the ledger, here or elsewhere.
    ///   - look: done three times within a lease, before work is claimed.
    ///   - claim: claims what there is room for, and begins it.
    func run(
        on engine: Engine, take: @escaping @Sendable (LedgerNotification) async -> Void,
        look: @escaping @Sendable () async -> Void, claim: @escaping @Sendable () async -> Void
    ) async {
        await engine.fleet.surveyed()
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { for await notice in engine.ledger.notices() { await take(notice) } }
                group.addTask {
                    while (try? await Task.sleep(for: .seconds(engine.settings.limits.leaseSeconds / 3))) != nil {
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
