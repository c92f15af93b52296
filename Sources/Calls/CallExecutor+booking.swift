import Domain
package import Ledger
import Logging
import Upstream

/// Writing of what was paid, until it is on disk.
extension CallExecutor {
    private static let firstPause = 0.1
    private static let longestPause = 5.0
    /// Repetitions after failures that name no passing cause.
    private static let mostLastingFailures = 100
    /// Seconds after which a reservation is looked for once more: a write whose connection broke may still arrive.
    private static let secondLook = 5.0

    /// Commits. A commit that fails for now is repeated until it is on disk, and does not keep the caller waiting.
    package func book(_ commit: StepCommit) async {
        do {
            _ = try await ledger.commitStep(commit)
        } catch {
            await repeatLater(commit, after: error)
        }
    }

    /// Commits, or throws. What of a failed commit is about money is repeated until it is on disk.
    package func commit(_ commit: StepCommit) async throws -> StepReceipt {
        do {
            return try await ledger.commitStep(commit)
        } catch {
            var payments = commit.payments
            payments.steps = commit.steps
            await repeatLater(payments, after: error)
            throw error
        }
    }

    /// Waits for a reservation's flush. A flush that failed ends all writing of the ledger, so the call's settlement says
    /// so.
    func waitForDisk(_ reservation: Reservation) async {
        do {
            try await ledger.waitForDisk(reservation)
        } catch {
            logger.critical("a reservation is not known to be on disk", metadata: ["reason": "\(error)"])
        }
    }

    /// Releases a reservation that may or may not have been written, until the ledger has answered.
    func giveBack(_ reservation: String) async {
        await inBackground {
            var looks = 0
            while looks < 2 {
                do throws(LedgerError) {
                    try await self.ledger.release(reservation)
                    return
                } catch {
                    switch error {
                    case .unknownReservation: looks += 1
                    case let error where error.isTemporary: break
                    default: return
                    }
                }
                guard (try? await Task.sleep(for: .seconds(looks == 1 ? Self.secondLook : 1))) != nil else { return }
            }
        }
    }

    private func repeatLater(_ commit: StepCommit, after error: LedgerError) async {
        // Otherwise the reservation stays open and is booked at its upper bound at the next start.
        logger.critical(
            "the ledger could not be written",
            metadata: ["reason": "\(error)", "repeated": "\(error.isTemporary)"])
        guard error.mayPass, !commit.settlements.isEmpty || !commit.releases.isEmpty else { return }
        await inBackground {
            var pause = Self.firstPause
            var lasting = 0
            while lasting < Self.mostLastingFailures, (try? await Task.sleep(for: .seconds(pause))) != nil {
                do throws(LedgerError) {
                    _ = try await self.ledger.commitStep(commit)
                    return self.logger.notice("the ledger was written after all")
                } catch {
                    if !error.isTemporary { lasting += 1 }
                    guard error.mayPass else {
                        return self.logger.critical("call not recorded", metadata: ["reason": "\(error)"])
                    }
                }
                pause = min(pause * 2, Self.longestPause)
            }
        }
    }

    /// Does work in the pool, which outlives requests; in place if there is none.
    private func inBackground(_ work: @escaping @Sendable () async -> Void) async {
        if pool?.submit(work) != true { await work() }
    }

    /// Removes the secrets of a model's endpoint from a text of its server.
    func withoutKey(of model: Model) -> (String) -> String {
        let all = model.endpoints.flatMap { keys.secrets(of: $0.endpoint.access) }
        let secrets = all.compactMap { SecretText($0) }
        return { text in secrets.reduce(text) { text, secret in secret.removed(from: text) } }
    }
}

extension LedgerError {
    /// Whether the database failed, and not the operation.
    fileprivate var mayPass: Bool {
        switch self {
        case .database, .readOnly, .cannotOpen: true
        default: isTemporary
        }
    }
}
