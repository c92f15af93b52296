package import Domain

extension LedgerStore {
    /// Reads the memory of a run where it is newer than the known one or another node's; one look by primary key.
    ///
    /// It is written with the commits of the run's steps (`StepCommit.sessions`).
    package func session(_ id: String, unlike known: SessionRecord?) async throws(LedgerError) -> SessionRecord? {
        let owner = known?.owner ?? owner
        return try await read { try $0.session(id, newerThan: known?.version ?? 0, by: owner) }
    }

    /// Bounds how long a sweep holds up the writer.
    private static let mostForgotten = 500

    /// Deletes some expired runs and responses, stored for repeated requests or by their id, and writes the requests that were abandoned while the database
    /// was away. Writes only where there is something to do. Called about once a minute.
    package func sweep(at moment: Timestamp) async throws(LedgerError) {
        try await writeAbandoned(requests.abandoned)
        guard try await read({ try $0.hasSomethingToForget(at: moment) }) else { return }
        try await write { transaction in
            _ = try transaction.forgetSessions(at: moment, limit: Self.mostForgotten)
            _ = try transaction.forgetRequests(at: moment, limit: Self.mostForgotten)
            try transaction.forgetResponses(at: moment, limit: Self.mostForgotten)
        }
    }
}
