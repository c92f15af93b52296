package import Domain

extension LedgerStore {
    /// Appends an entry that needed no reservation (a shadow audit on the operator's account).
    package func append(_ entry: LedgerEntry) async throws(LedgerError) {
        try await write { try $0.append(entry) }
        metrics.count(entry)
    }

    /// Settles the reservations of dead processes as `uncertain` entries at their upper bound, since their calls may
    /// have been billed, and makes the batch rows they had claimed pending again. Returns these entries.
    ///
    /// Rows and reservations of an open group at a provider stay with the group. Called at start, and now and then for
    /// other nodes.
    package func recover(at moment: Timestamp) async throws(LedgerError) -> [LedgerEntry] {
        let database = database
        let entries = try await writeKnowingNodes { transaction, isAlive in
            let booked = try transaction.recover(at: moment, isAlive: isAlive)
            let connection = transaction.connection
            try transaction.forgetNodes { (owner) throws(LedgerError) in
                if try isAlive(owner) { return true }
                return try database.isPresent(owner, on: connection)
            }
            return booked
        }
        entries.forEach(metrics.count)
        return entries
    }
}
