package import Domain
import Synchronization

/// Requests that are done once however often they are sent (`Idempotency-Key`), over all nodes and restarts.
extension LedgerStore {
    /// Claims a request for this store, or reports what became of it.
    ///
    /// A request whose node died is taken over: what that node had reserved for it is booked as uncertain by `recover`,
    /// and the work is done again.
    ///
    /// - Parameters:
    ///   - request: names caller, route and key; 1 to 200 bytes.
    ///   - digest: of what is asked for.
    ///   - token: the claim's, where the request is new.
    package func claimRequest(
        _ request: String, digest: [UInt8], token: String, at moment: Timestamp
    ) async throws(LedgerError) -> IdempotencyClaimResult {
        let requests = requests
        let begun = OpenIdempotencyClaim()
        do throws(LedgerError) {
            return try await writeKnowingNodes { transaction, isAlive in
                let claim = try transaction.claimRequest(
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

    /// Stores the response to a request. Does nothing where a commit has stored one already (`StepCommit.answer`).
    package func keep(_ answer: StoredResponse, of ticket: IdempotencyClaim) async throws(LedgerError) {
        guard requests.isOpen(ticket) else { return }
        try await write { try $0.keep(answer, of: ticket, at: .now()) }
        requests.end(ticket)
    }

    /// Abandons a request: it is deleted, or where it may have made something, left to the next caller with the key,
    /// who gets the same token.
    ///
    /// If the database is away, a later `sweep` writes it; until then this store takes the request for abandoned, and
    /// the others for under way.
    package func giveUp(_ ticket: IdempotencyClaim, mayHaveMade: Bool) async {
        guard requests.isOpen(ticket) else { return }
        requests.giveUp(ticket, mayHaveMade: mayHaveMade)
        try? await tellGivenUp([ticket: mayHaveMade])
    }

    /// Writes the requests that this store abandoned.
    func tellGivenUp(_ tickets: [IdempotencyClaim: Bool]) async throws(LedgerError) {
        if tickets.isEmpty { return }
        try await write { transaction in
            for (ticket, mayHaveMade) in tickets { try transaction.giveUp(ticket, mayHaveMade: mayHaveMade) }
        }
        for ticket in tickets.keys { requests.end(ticket) }
    }
}

/// What a claim has begun, in case its commit fails with an unknown outcome.
private final class OpenIdempotencyClaim: Sendable {
    private let state = Mutex<IdempotencyClaim?>(nil)

    var ticket: IdempotencyClaim? { state.withLock { $0 } }

    func note(_ ticket: IdempotencyClaim) { state.withLock { $0 = ticket } }
}

/// The requests under names (`Idempotency-Key`) that this store is at, and those that it gave up and could not yet say so.
final class OpenIdempotencyKeys: Sendable {
    private struct State {
        var open: Set<IdempotencyClaim> = []
        var givenUp: [IdempotencyClaim: Bool] = [:]
    }

    private let state = Mutex(State())

    func isOpen(_ request: String, lease: Int64) -> Bool {
        state.withLock { state in state.open.contains { $0.request == request && $0.lease == lease } }
    }

    func isOpen(_ ticket: IdempotencyClaim) -> Bool { state.withLock { $0.open.contains(ticket) } }

    func begin(_ ticket: IdempotencyClaim) { state.withLock { _ = $0.open.insert(ticket) } }

    func end(_ ticket: IdempotencyClaim) {
        state.withLock { state in
            state.open.remove(ticket)
            state.givenUp.removeValue(forKey: ticket)
        }
    }

    /// Nobody works on it any more; the database is to be told.
    func giveUp(_ ticket: IdempotencyClaim, mayHaveMade: Bool) {
        state.withLock { state in
            state.open.remove(ticket)
            state.givenUp[ticket] = mayHaveMade
        }
    }

    /// Each with whether it may have made something.
    var givenUp: [IdempotencyClaim: Bool] { state.withLock { $0.givenUp } }
}
