package import Domain

/// Requests and tokens a minute of keys, over all nodes.
///
/// Every node counts in its own memory, and no call waits for the database. Once a second (`exchangeRates`) nodes tell
/// each other what their keys have used, so that a key's buckets are the same on all of them but for the uses of the last
/// moments.
package protocol RateStore: Sendable {
    /// Takes one request of a key's minute; the refusal where the key has to wait.
    func admit(_ key: AccessKey, at: Timestamp) -> RateRefusal?
    /// Tells the other nodes what keys have used here since the last time, and counts what they tell. Writes nothing
    /// where no other node lives or nothing was used. To be called once a second.
    func exchangeRates(at: Timestamp) async throws(LedgerError)
    /// Whether another node lived at the last exchange; true before the first one.
    var hasOtherNodes: Bool { get }
}

extension SQLLedger {
    package func admit(_ key: AccessKey, at moment: Timestamp) -> RateRefusal? { rates.admit(key, at: moment) }

    package var hasOtherNodes: Bool { rates.hasOthers }

    package func exchangeRates(at moment: Timestamp) async throws(LedgerError) {
        let (database, lastSeen) = (database, rates.lastSeen)
        let news = try await read { (session) throws(LedgerError) in
            try session.rateNews(
                for: database.owner, after: lastSeen ?? 0, clock: try database.leaseClock(on: session.connection))
        }
        rates.learn(news, at: moment)
        guard let (number, uses) = rates.telling(at: moment) else { return }
        let body = RateUse.json(uses)
        try await write { (session) throws(LedgerError) in
            try session.tellRates(body, number: number, clock: try database.leaseClock(on: session.connection))
        }
        rates.arrived(number)
    }
}
