import Domain
package import Ledger
package import Logging
import ServiceLifecycle

/// Keeps this node's lease, shares rates of keys between nodes, books open calls of dead nodes, and deletes what expired.
package struct HeartbeatService: Service {
    private let ledger: LedgerStore
    private let leaseSeconds: Double
    private let logger: Logger

    package init(ledger: LedgerStore, leaseSeconds: Double, logger: Logger) {
        self.ledger = ledger
        self.leaseSeconds = leaseSeconds
        self.logger = logger
    }

    private static let secondsBetweenExchanges = 1.0
    private static let secondsBetweenSweeps = 60.0

    /// Runs until graceful shutdown, with three heartbeats per lease.
    ///
    /// Throws `newerVersion` once a node of a later version has migrated the ledger. This node must end then.
    package func run() async throws {
        try await cancelWhenGracefulShutdown {
            try await withThrowingDiscardingTaskGroup { group in
                group.addTask { try await every(leaseSeconds / 3) { try await beat() } }
                group.addTask { await exchangeRates() }
                group.addTask { await every(Self.secondsBetweenSweeps) { await sweep() } }
            }
        }
    }

    private func every(_ seconds: Double, _ work: @Sendable () async throws -> Void) async rethrows {
        repeat {
            try await work()
        } while (try? await Task.sleep(for: .seconds(seconds))) != nil
    }

    private func beat() async throws {
        do {
            try await ledger.heartbeat(leaseSeconds: leaseSeconds)
            for entry in try await ledger.recover(at: .now()) {
                logger.warning(
                    "call of a node that died: booked at its upper bound",
                    metadata: ["entry": "\(entry.id)", "usd": "\(entry.result.figures.cost.total)"])
            }
        } catch {
            if case .newerVersion = error { throw error }
            logger.error("no heartbeat", metadata: ["reason": "\(error)"])
        }
    }

    /// Exchanges rates of keys. While the ledger is unreachable, they count on this node alone, which is logged once.
    private func exchangeRates() async {
        var isAway = false
        repeat {
            do {
                try await ledger.exchangeRates(at: .now())
                isAway = false
            } catch {
                if !isAway { logger.warning("rates count on this node alone", metadata: ["reason": "\(error)"]) }
                isAway = true
            }
        } while (try? await Task.sleep(for: .seconds(Self.secondsBetweenExchanges))) != nil
    }

    private func sweep() async {
        do {
            try await ledger.sweep(at: .now())
        } catch {
            logger.warning("sessions and kept answers were not swept", metadata: ["reason": "\(error)"])
        }
    }
}
