import Domain

extension SQLLedger {
    package func heartbeat(leaseSeconds: Double) async throws(LedgerError) {
        let database = database
        let lease = Int64((leaseSeconds * 1000).rounded(.up))
        try await write { (session) throws(LedgerError) in
            let now = try database.leaseClock(on: session.connection)
            try session.heartbeat(until: now + lease, leaseMilliseconds: lease)
        }
    }

    package func claimJobs(limit: Int) async throws(LedgerError) -> [JobRecord] {
        try await writeKnowingNodes { (session, isAlive) throws(LedgerError) in
            var jobs: [JobRecord] = []
            for id in try session.takeLeases(of: .job, limit: limit, isAlive: isAlive) {
                jobs += try session.jobs(where: "id = ?", [.text(id)])
            }
            return jobs
        }
    }

    package func claimJob(_ id: String, seizing: Bool) async throws(LedgerError) -> JobRecord? {
        try await writeKnowingNodes { (session, isAlive) throws(LedgerError) in
            guard try session.takeLease(of: .job, id: id, seizing: seizing, isAlive: isAlive) else { return nil }
            return try session.jobs(where: "id = ?", [.text(id)]).first
        }
    }

    package func claimBatches(limit: Int) async throws(LedgerError) -> [BatchRecord] {
        try await writeKnowingNodes { (session, isAlive) throws(LedgerError) in
            var batches: [BatchRecord] = []
            for id in try session.takeLeases(of: .batch, limit: limit, isAlive: isAlive) {
                batches += try session.batches(where: "id = ?", [.text(id)])
            }
            return batches
        }
    }

    package func claimBatch(_ id: String, seizing: Bool) async throws(LedgerError) -> BatchRecord? {
        try await writeKnowingNodes { (session, isAlive) throws(LedgerError) in
            guard try session.takeLease(of: .batch, id: id, seizing: seizing, isAlive: isAlive) else { return nil }
            return try session.batches(where: "id = ?", [.text(id)]).first
        }
    }

    package func returnJob(_ job: JobRecord) async throws(LedgerError) {
        try await write { (session) throws(LedgerError) in
            try session.returnLease(of: .job, id: job.id, lease: job.lease)
        }
    }

    package func returnBatch(_ batch: BatchRecord) async throws(LedgerError) {
        try await write { (session) throws(LedgerError) in
            try session.returnLease(of: .batch, id: batch.id, lease: batch.lease)
        }
    }

    /// Runs an operation that asks which stores are alive.
    func writeKnowingNodes<Value: Sendable>(
        _ body:
            @escaping @Sendable (
                inout LedgerTransaction, (String) throws(LedgerError) -> Bool
            ) throws(LedgerError) -> Value
    ) async throws(LedgerError) -> Value {
        let database = database
        return try await write { (session) throws(LedgerError) in
            let connection = session.connection
            return try body(&session) { (owner) throws(LedgerError) in
                try database.isAlive(owner, on: connection)
            }
        }
    }
}

extension SQLDatabase {
    /// Whether a store is alive: its last heartbeat is younger than its lease, and the database still knows it to run.
    ///
    /// Stores that never sent a heartbeat (short commands) are alive as long as they run. When the whole server was
    /// restarted, all connections are lost and say nothing of their processes: then the heartbeat alone counts, until
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
