import Domain
package import Ledger
package import Logging
import ServiceLifecycle

/// Tells the other nodes that this one lives and what keys have used on it, books what those that died may have spent,
/// and sweeps up what is over.
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

    /// Three beats in a lease, until the work that it is for has ended.
    ///
    /// Throws `newerVersion` once a node of a later version has brought the ledger's tables up to date: this one is to end.
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
        do throws(LedgerError) {
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

    /// While the ledger is away the rates of keys are counted here alone; that is said once.
    private func exchangeRates() async {
        var isAway = false
        repeat {
            do throws(LedgerError) {
                try await ledger.exchangeRates(at: .now())
                isAway = false
            } catch {
                if !isAway { logger.warning("rates count on this node alone", metadata: ["reason": "\(error)"]) }
                isAway = true
            }
        } while (try? await Task.sleep(for: .seconds(Self.secondsBetweenExchanges))) != nil
    }

    private func sweep() async {
        do throws(LedgerError) {
            try await ledger.sweep(at: .now())
        } catch {
            logger.warning("sessions and kept answers were not swept", metadata: ["reason": "\(error)"])
        }
    }
}
