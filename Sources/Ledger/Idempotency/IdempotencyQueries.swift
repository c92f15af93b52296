import Domain

extension LedgerMigration {
    /// `owner` works on the request, or did; with a `status` it is answered. `at` is the time of either.
    static let requests: [String] = [
        "CREATE TABLE kept_request (id TEXT PRIMARY KEY, digest {bytes} NOT NULL, token TEXT NOT NULL, owner TEXT NOT NULL, "
            + "lease {integer} NOT NULL, at {integer} NOT NULL, status {integer}, headers {bytes}, body {bytes}){strict}",
        "CREATE INDEX kept_request_at ON kept_request (at)",
    ]
}

extension LedgerTransaction {
    /// Claims a request for this store, or reports its state.
    ///
    /// - Parameters:
    ///   - token: names what the request creates, if it is new.
    ///   - isOpen: whether this store still works on a lease of its own.
    func claimRequest(
        _ id: String, digest: [UInt8], token: String, at moment: Timestamp, isOpen: (Int64) -> Bool,
        isAlive: (String) throws(LedgerError) -> Bool
    ) throws(LedgerError) -> IdempotencyClaimResult {
        try Self.check(id: id, "request")
        let row = try connection.row(
            "SELECT digest, token, owner, lease, at, status, headers, body FROM kept_request WHERE id = ?", [.text(id)])
        guard let row else {
            return .first(try beginRequest(IdempotencyClaim(request: id, lease: 1, token: token), digest, at: moment))
        }
        let lease = row.integer(3)
        if row.integer(4) <= Self.lastRequest(at: moment) {
            return .first(
                try beginRequest(IdempotencyClaim(request: id, lease: lease + 1, token: token), digest, at: moment))
        }
        guard row.blob(0) == digest else { return .other }
        if let status = row.optionalInteger(5) {
            return .answered(StoredResponse(status: Int(status), headers: row.blob(6), body: row.optionalBlob(7)))
        }
        let holder = row.text(2)
        if holder == owner ? isOpen(lease) : try isAlive(holder) { return .underWay }
        let ticket = IdempotencyClaim(request: id, lease: lease + 1, token: row.text(1), isTakenOver: true)
        return .first(try beginRequest(ticket, digest, at: moment))
    }

    /// Requests up to this moment have expired.
    static func lastRequest(at moment: Timestamp) -> Int64 {
        moment.milliseconds - Int64(StoredResponse.keptSeconds * 1000)
    }

    private func beginRequest(
        _ ticket: IdempotencyClaim, _ digest: [UInt8], at moment: Timestamp
    ) throws(LedgerError) -> IdempotencyClaim {
        try connection.execute(
            "INSERT INTO kept_request (id, digest, token, owner, lease, at) VALUES (?, ?, ?, ?, ?, ?) "
                + "ON CONFLICT (id) DO UPDATE SET digest = excluded.digest, token = excluded.token, "
                + "owner = excluded.owner, lease = excluded.lease, at = excluded.at, status = NULL, headers = NULL, "
                + "body = NULL",
            [
                .text(ticket.request), .blob(digest), .text(ticket.token), .text(owner), .integer(ticket.lease),
                .integer(moment.milliseconds),
            ])
        return ticket
    }

    /// Whether a node may still work on a request; false where it is answered or was abandoned.
    package func isUnderWay(_ id: String) throws(LedgerError) -> Bool {
        try connection.row("SELECT 1 FROM kept_request WHERE id = ? AND status IS NULL", [.text(id)]) != nil
    }

    /// Stores the response, unless the request was taken over.
    func keep(_ answer: StoredResponse, of ticket: IdempotencyClaim, at moment: Timestamp) throws(LedgerError) {
        try connection.execute(
            "UPDATE kept_request SET status = ?, headers = ?, body = ?, at = ? "
                + "WHERE \(Self.heldRequest)",
            [
                .integer(answer.status), .blob(answer.headersJSON), .optional(answer.body),
                .integer(moment.milliseconds),
            ] + holding(ticket))
    }

    /// Deletes a request without effect, so that it can be retried. One that may have created something stays, without
    /// an owner.
    func abandon(_ ticket: IdempotencyClaim, mayHaveMade: Bool) throws(LedgerError) {
        let change = mayHaveMade ? "UPDATE kept_request SET owner = ''" : "DELETE FROM kept_request"
        try connection.execute("\(change) WHERE \(Self.heldRequest)", holding(ticket))
    }

    /// The row of a claim, unless the request was taken over.
    private static let heldRequest = "id = ? AND owner = ? AND lease = ? AND token = ? AND status IS NULL"

    private func holding(_ ticket: IdempotencyClaim) -> [SQLValue] {
        [.text(ticket.request), .text(owner), .integer(ticket.lease), .text(ticket.token)]
    }

    /// Deletes some expired requests.
    func forgetRequests(at moment: Timestamp, limit: Int) throws(LedgerError) {
        try connection.execute(
            "DELETE FROM kept_request WHERE id IN (SELECT id FROM kept_request WHERE at <= ? LIMIT ?)",
            [.integer(Self.lastRequest(at: moment)), .integer(limit)])
    }
}
