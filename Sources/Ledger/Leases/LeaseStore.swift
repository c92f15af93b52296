extension LedgerStore {
    /// Shows that this store is alive for the seconds of a lease; without another heartbeat, other stores then take
    /// over its work. Called about three times in a lease.
    package func heartbeat(leaseSeconds: Double) async throws(LedgerError) {
        let database = database
        let lease = Int64((leaseSeconds * 1000).rounded(.up))
        try await write { transaction in
            let now = try database.leaseClock(on: transaction.connection)
            try transaction.heartbeat(until: now + lease, leaseMilliseconds: lease)
        }
    }

    /// Claims queued and running jobs that no living store holds, the oldest first.
    ///
    /// A store that was closed or missed its heartbeats is not alive. The records carry the new lease: saving an earlier
    /// one throws `leaseLost`. A job that pauses or ends has no holder any more.
    package func claimJobs(limit: Int) async throws(LedgerError) -> [JobRecord] {
        try await writeKnowingNodes { transaction, isAlive in
            var jobs: [JobRecord] = []
            for id in try transaction.claimLeases(of: .job, limit: limit, isAlive: isAlive) {
                jobs += try transaction.jobs(where: "id = ?", [.text(id)])
            }
            return jobs
        }
    }

    /// Claims one job in any status; nil where a living store holds it or there is none.
    ///
    /// - Parameter seizing: takes it from a living store too, whose next write of the job then throws `leaseLost`.
    package func claimJob(_ id: String, seizing: Bool) async throws(LedgerError) -> JobRecord? {
        try await writeKnowingNodes { transaction, isAlive in
            guard try transaction.claimLease(of: .job, id: id, seizing: seizing, isAlive: isAlive) else { return nil }
            return try transaction.job(id)
        }
    }

    /// Claims batches that have not ended and that no living store holds, as `claimJobs` does.
    ///
    /// Batches without an input file are left to the command that made them.
    package func claimBatches(limit: Int) async throws(LedgerError) -> [BatchRecord] {
        try await writeKnowingNodes { transaction, isAlive in
            var batches: [BatchRecord] = []
            for id in try transaction.claimLeases(of: .batch, limit: limit, isAlive: isAlive) {
                batches += try transaction.batches(where: "id = ?", [.text(id)])
            }
            return batches
        }
    }

    /// Claims one batch, as `claimJob` does.
    package func claimBatch(_ id: String, seizing: Bool) async throws(LedgerError) -> BatchRecord? {
        try await writeKnowingNodes { transaction, isAlive in
            guard try transaction.claimLease(of: .batch, id: id, seizing: seizing, isAlive: isAlive) else { return nil }
            return try transaction.batch(id)
        }
    }

    /// Runs an operation that asks which stores are alive.
    func writeKnowingNodes<Value: Sendable>(
        _ body:
            @escaping @Sendable (inout LedgerTransaction, (String) throws(LedgerError) -> Bool) throws -> Value
    ) async throws(LedgerError) -> Value {
        let database = database
        return try await write { transaction in
            let connection = transaction.connection
            return try body(&transaction) { (owner) throws(LedgerError) in
                try database.isAlive(owner, on: connection)
            }
        }
    }
}

extension SQLDatabase {
    /// Whether a store is alive: its last heartbeat is younger than its lease, and the database still knows it to run.
    ///
    /// Stores that never sent a heartbeat (short commands) are alive as long as they run. After a restart of the whole
    /// server all connections are lost and prove nothing about their processes: then the heartbeat alone counts, until
    /// the processes had a lease's time to return.
    func isAlive(_ owner: String, on connection: any SQLConnection) throws(LedgerError) -> Bool {
        if owner == self.owner { return true }
        guard let node = try connection.row("SELECT until, lease_ms FROM node WHERE owner = ?", [.text(owner)]) else {
            return try isPresent(owner, on: connection)
        }
        let now = try leaseClock(on: connection)
        if node.integer(0) <= now { return false }
        if try isPresent(owner, on: connection) { return true }
        return try serverAge(on: connection).map { $0 < node.integer(1) } ?? false
    }
}
