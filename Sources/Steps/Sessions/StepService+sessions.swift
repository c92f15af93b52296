import Domain
import Ledger
import Logging

extension StepService {
    /// Reads what other nodes, or this one before a restart, know of a session; one look by primary key, where there may
    /// be something to learn: other nodes live, or the session is unknown here.
    ///
    /// - Parameter opensRun: whether the call begins a run that it does not name, of which nothing can be known.
    func recall(_ session: String, opensRun: Bool = false) async {
        let known = sessions.known(session)
        if known == nil ? opensRun : !ledger.hasOtherNodes { return }
        do throws(LedgerError) {
            if let record = try await ledger.session(session, unlike: known) { sessions.adopt(record) }
        } catch {
            // The call goes on with what is known here; where the ledger stays away, its reservation says so.
            logger.debug("a session cannot be looked up", metadata: ["reason": "\(error)"])
        }
    }
}
