package import Domain

/// Requests and tokens a minute of keys, over all nodes.
///
/// Every node counts in its own memory, and no call waits for the database. Once a second (`exchangeRates`) nodes send
/// each other what their keys have used, so that a key's buckets are equal on all of them but for the last moments.
extension LedgerStore {
    /// Records the limits of a caller whom another service has authenticated, as for a key of this ledger.
    package func recordLimits(of key: AccessKey, at moment: Timestamp) { rates.record(key, at: moment) }

    /// Consumes one request of a key's minute; the refusal where the key has to wait.
    package func admit(_ key: AccessKey, at moment: Timestamp) -> RateRefusal? { rates.admit(key, at: moment) }

    /// Whether another node was alive at the last exchange; true before the first one.
    package var hasOtherNodes: Bool { rates.hasOthers }

    /// Sends the other nodes what keys have used here since the last time, and counts what they have sent.
    ///
    /// Writes nothing where no other node is alive or nothing was used. Called once a second.
    package func exchangeRates(at moment: Timestamp) async throws(LedgerError) {
        let (database, lastSeen) = (database, rates.lastSeen)
        let update = try await read { transaction in
            try transaction.rateUpdate(
                for: database.owner, after: lastSeen ?? 0, clock: try database.leaseClock(on: transaction.connection))
        }
        rates.accept(update, at: moment)
        guard let (number, uses) = rates.nextReport(at: moment) else { return }
        let body = RateUse.json(uses)
        try await write { transaction in
            try transaction.writeReport(
                body, number: number, clock: try database.leaseClock(on: transaction.connection))
        }
        rates.confirm(number)
    }
}
