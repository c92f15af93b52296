extension LedgerStore {
    /// Claims queued and running jobs that no living store holds, the oldest first.
    ///
    /// A store that was closed or missed its heartbeats is not alive. The records carry the new lease: saving an earlier
    /// one throws `leaseLost`. A job that pauses or ends has no holder any more.
    package func claimJobs(limit: Int) async throws(LedgerError) -> [JobRecord] {
        try await writeKnowingNodes { transaction, isAlive in
            var jobs: [JobRecord] = []
            for id in try transaction.takeLeases(of: .job, limit: limit, isAlive: isAlive) {
                jobs += try transaction.jobs(where: "id = ?", [.text(id)])
            }
            return jobs
        }
    }

    /// Claims one job in whatever status; nil where a living store holds it or there is none.
    ///
    /// - Parameter seizing: takes it from a living store too, whose next write of the job then throws `leaseLost`.
    package func claimJob(_ id: String, seizing: Bool) async throws(LedgerError) -> JobRecord? {
        try await writeKnowingNodes { transaction, isAlive in
            guard try transaction.takeLease(of: .job, id: id, seizing: seizing, isAlive: isAlive) else { return nil }
            return try transaction.job(id)
        }
    }
}
