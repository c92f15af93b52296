import Domain
import Ledger
import Logging

extension StepService {
    /// Refreshes a session from the ledger by one primary-key read. Skipped where the ledger knows nothing newer: no
    /// other node lives and the session is known here.
    ///
    /// - Parameter opensRun: whether the call opens an unnamed run, which has no history.
    func recall(_ session: String, opensRun: Bool = false) async {
        let known = sessions.known(session)
        if known == nil ? opensRun : !ledger.hasOtherNodes { return }
        do throws(LedgerError) {
            if let record = try await ledger.session(session, unlike: known) { sessions.adopt(record) }
        } catch {
            // The call continues with local state; a failing ledger surfaces at its reservation.
            logger.debug("a session cannot be looked up", metadata: ["reason": "\(error)"])
        }
    }
}
