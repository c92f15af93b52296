package import Domain
import Synchronization

/// Requests that may be told again and are to be done once (`Idempotency-Key`), over all nodes and restarts.
package protocol RequestStore: Sendable {
    /// Takes a request for this store, or says what became of it.
    ///
    /// A request whose node died is taken over: whatever that node had reserved for it is booked as uncertain by
    /// `recover`, and the work is done again.
    ///
    /// - Parameters:
    ///   - request: names caller, route and key; 1 to 200 bytes.
    ///   - digest: of what is asked for.
    ///   - token: the ticket's, where the request is new.
    func claimRequest(
        _ request: String, digest: [UInt8], token: String, at: Timestamp
    ) async throws(LedgerError) -> IdempotencyClaimResult
    /// Whether somebody may still be at a request, in one look without a write.
    func isUnderWay(_ request: String) async throws(LedgerError) -> Bool
    /// Keeps the answer to a request. Does nothing where a commit has kept one already (`StepCommit.answer`).
    func keep(_ answer: StoredResponse, of ticket: IdempotencyClaim) async throws(LedgerError)
    /// Gives up a request: it is forgotten, or where it may have made something, left to whoever tells it next, who gets
    /// the same token. What cannot be written now is written with a later `sweep`; until then this store takes the
    /// request for given up, and the others for under way.
    func giveUp(_ ticket: IdempotencyClaim, mayHaveMade: Bool) async
}

extension SQLLedger {
    package func claimRequest(
        _ request: String, digest: [UInt8], token: String, at moment: Timestamp
    ) async throws(LedgerError) -> IdempotencyClaimResult {
        let requests = requests
        let begun = OpenIdempotencyClaim()
        do throws(LedgerError) {
            return try await writeKnowingNodes { (session, isAlive) throws(LedgerError) in
                let claim = try session.claimRequest(
                    request, digest: digest, token: token, at: moment,
                    isOpen: { requests.isOpen(request, lease: $0) }, isAlive: isAlive)
                // At once, so that another claim of the same group finds it open.
                if case .first(let ticket) = claim {
                    requests.begin(ticket)
                    begun.note(ticket)
                }
                return claim
            }
        } catch {
            if let ticket = begun.ticket { requests.giveUp(ticket, mayHaveMade: ticket.isTakenOver) }
            throw error
        }
    }

    package func isUnderWay(_ request: String) async throws(LedgerError) -> Bool {
        try await read { (session) throws(LedgerError) in try session.isUnderWay(request) }
    }

    package func keep(_ answer: StoredResponse, of ticket: IdempotencyClaim) async throws(LedgerError) {
        guard requests.isOpen(ticket) else { return }
        try await write { (session) throws(LedgerError) in try session.keep(answer, of: ticket, at: .now()) }
        requests.end(ticket)
    }

    package func giveUp(_ ticket: IdempotencyClaim, mayHaveMade: Bool) async {
        guard requests.isOpen(ticket) else { return }
        requests.giveUp(ticket, mayHaveMade: mayHaveMade)
        try? await tellGivenUp([ticket: mayHaveMade])
    }

    /// Tells the database of requests that this store gave up.
    func tellGivenUp(_ tickets: [IdempotencyClaim: Bool]) async throws(LedgerError) {
        if tickets.isEmpty { return }
        try await write { (session) throws(LedgerError) in
            for (ticket, mayHaveMade) in tickets { try session.giveUp(ticket, mayHaveMade: mayHaveMade) }
        }
        for ticket in tickets.keys { requests.end(ticket) }
    }
}

/// What a claim has begun, for the case that nobody knows whether it was written.
private final class OpenIdempotencyClaim: Sendable {
    private let state = Mutex<IdempotencyClaim?>(nil)

    var ticket: IdempotencyClaim? { state.withLock { $0 } }

    func note(_ ticket: IdempotencyClaim) { state.withLock { $0 = ticket } }
}
