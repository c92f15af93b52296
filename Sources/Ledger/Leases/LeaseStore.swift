extension LedgerStore {
    /// Shows that this store is alive for the seconds of a lease; without the next heartbeat others then take over what
    /// it holds. Called about three times in a lease.
    package func heartbeat(leaseSeconds: Double) async throws(LedgerError) {
        let database = database
        let lease = Int64((leaseSeconds * 1000).rounded(.up))
        try await write { transaction in
            let now = try database.leaseClock(on: transaction.connection)
            try transaction.heartbeat(until: now + lease, leaseMilliseconds: lease)
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
