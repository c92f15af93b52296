package import Domain

extension LedgerStore {
    /// Reads the memory of a run where it is newer than the known one or another node's; one look by primary key.
    ///
    /// It is written with the commits of the run's steps (`StepCommit.sessions`).
    package func session(_ id: String, unlike known: SessionRecord?) async throws(LedgerError) -> SessionRecord? {
        let owner = known?.owner ?? owner
        return try await read { try $0.session(id, newerThan: known?.version ?? 0, by: owner) }
    }

    /// Rows of each kind in one transaction, which bounds how long a sweep holds up the writer.
    private static let mostForgotten = 500

    /// Deletes expired runs, alerts and responses, stored for repeated requests or by their id, some in each transaction. Also
    /// writes the requests that were abandoned while the database was away. Writes only where there is something to do.
    /// Called about once a minute.
    package func sweep(at moment: Timestamp) async throws(LedgerError) {
        try await writeAbandoned(requests.abandoned)
        while try await read({ try $0.hasSomethingToForget(at: moment) }) {
            try await write { transaction in
                try transaction.forgetSessions(at: moment, limit: Self.mostForgotten)
                try transaction.forgetRequests(at: moment, limit: Self.mostForgotten)
                try transaction.forgetResponses(at: moment, limit: Self.mostForgotten)
                try transaction.forgetAlerts(at: moment)
            }
        }
    }
}
