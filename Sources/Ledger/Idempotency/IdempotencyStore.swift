package import Domain
import Synchronization

/// Performs repeated requests once (`Idempotency-Key`), over all nodes and restarts.
extension LedgerStore {
    /// Claims a request for this store, or reports its state.
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
                    begun.record(ticket)
                }
                return claim
            }
        } catch {
            if let ticket = begun.ticket { requests.abandon(ticket, mayHaveMade: ticket.isTakenOver) }
            throw error
        }
    }

    /// Stores the response to a request. Does nothing where a commit has stored one already (`StepCommit.answer`).
    package func keep(_ answer: StoredResponse, of ticket: IdempotencyClaim) async throws(LedgerError) {
        guard requests.isOpen(ticket) else { return }
        try await write { try $0.keep(answer, of: ticket, at: .now()) }
        requests.end(ticket)
    }

    /// Abandons a request: it is deleted, or where it may have created something, left to the next request with the
    /// key, which gets the same token.
    ///
    /// If the database is away, a later `sweep` writes it; until then this store takes the request for abandoned, and
    /// the others for under way.
    package func abandon(_ ticket: IdempotencyClaim, mayHaveMade: Bool) async {
        guard requests.isOpen(ticket) else { return }
        requests.abandon(ticket, mayHaveMade: mayHaveMade)
        try? await writeAbandoned([ticket: mayHaveMade])
    }

    /// Writes the requests that this store abandoned.
    func writeAbandoned(_ tickets: [IdempotencyClaim: Bool]) async throws(LedgerError) {
        if tickets.isEmpty { return }
        try await write { transaction in
            for (ticket, mayHaveMade) in tickets { try transaction.abandon(ticket, mayHaveMade: mayHaveMade) }
        }
        for ticket in tickets.keys { requests.end(ticket) }
    }
}

/// What a claim has begun, in case its commit fails with an unknown outcome.
private final class OpenIdempotencyClaim: Sendable {
    private let state = Mutex<IdempotencyClaim?>(nil)

    var ticket: IdempotencyClaim? { state.withLock { $0 } }

    func record(_ ticket: IdempotencyClaim) { state.withLock { $0 = ticket } }
}

/// The idempotent requests that this store works on, and those it abandoned without having written that yet.
final class OpenIdempotencyKeys: Sendable {
    private struct State {
        var open: Set<IdempotencyClaim> = []
        var abandoned: [IdempotencyClaim: Bool] = [:]
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
            state.abandoned.removeValue(forKey: ticket)
        }
    }

    /// Moves a request from open to abandoned, until the database has it.
    func abandon(_ ticket: IdempotencyClaim, mayHaveMade: Bool) {
        state.withLock { state in
            state.open.remove(ticket)
            state.abandoned[ticket] = mayHaveMade
        }
    }

    /// Each with whether it may have created something.
    var abandoned: [IdempotencyClaim: Bool] { state.withLock { $0.abandoned } }
}
