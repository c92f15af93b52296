package import Domain

/// What routing remembers of runs, shared by all nodes; written with the commits of their steps (`StepCommit.sessions`).
package protocol SessionStore: Sendable {
    /// What is kept of a run, where it is newer than what the caller knows or another node's; one look by primary key.
    func session(_ id: String, unlike known: SessionRecord?) async throws(LedgerError) -> SessionRecord?
    /// Forgets runs that are over and answers whose time is over (some of each), and tells the database of requests that
    /// were given up while it was away. Writes only where there is something to do. To be called about once a minute.
    func sweep(at: Timestamp) async throws(LedgerError)
}

extension SQLLedger {
    package func session(_ id: String, unlike known: SessionRecord?) async throws(LedgerError) -> SessionRecord? {
        let owner = known?.owner ?? owner
        return try await read { (session) throws(LedgerError) in
            try session.session(id, newerThan: known?.version ?? 0, by: owner)
        }
    }

    /// Bounds how long a sweep holds up the writer.
    private static let mostForgotten = 500

    package func sweep(at moment: Timestamp) async throws(LedgerError) {
        try await tellGivenUp(requests.givenUp)
        let isDue = try await read { (session) throws(LedgerError) in try session.hasSomethingToForget(at: moment) }
        guard isDue else { return }
        try await write { (session) throws(LedgerError) in
            _ = try session.forgetSessions(at: moment, limit: Self.mostForgotten)
            _ = try session.forgetRequests(at: moment, limit: Self.mostForgotten)
        }
    }
}
