import Core
package import Ledger
package import Logging
import ServiceLifecycle

/// Tells the other nodes that this one lives, and books what those that died may have spent.
package struct NodePulse: Service {
    private let ledger: any LedgerStore
    private let leaseSeconds: Double
    private let logger: Logger

    package init(ledger: any LedgerStore, leaseSeconds: Double, logger: Logger) {
        self.ledger = ledger
        self.leaseSeconds = leaseSeconds
        self.logger = logger
    }

    /// Three beats in a lease, until the work that it is for has ended.
    package func run() async {
        await cancelWhenGracefulShutdown {
            repeat {
                await beat()
            } while (try? await Task.sleep(for: .seconds(leaseSeconds / 3))) != nil
        }
    }

    private func beat() async {
        do throws(LedgerError) {
            try await ledger.heartbeat(leaseSeconds: leaseSeconds)
            for entry in try await ledger.recover(at: .now()) {
                logger.warning(
                    "call of a node that died: booked at its upper bound",
                    metadata: ["entry": "\(entry.id)", "usd": "\(entry.result.figures.cost.total)"])
            }
        } catch {
            logger.error("no heartbeat", metadata: ["reason": "\(error)"])
        }
    }
}
