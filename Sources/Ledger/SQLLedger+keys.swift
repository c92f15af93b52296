package import Domain

extension SQLLedger {
    package func createKey(_ key: AccessKey, budgets: [Budget]) async throws(LedgerError) -> String {
        let secret = KeySecret(for: key.id)
        try await write { (session) throws(LedgerError) in try session.createKey(key, secret, budgets: budgets) }
        return secret.text
    }

    package func revokeKey(_ id: String, at moment: Timestamp) async throws(LedgerError) {
        try await write { (session) throws(LedgerError) in try session.revokeKey(id, at: moment) }
    }

    package func keys() async throws(LedgerError) -> [AccessKey] {
        try await read { (session) throws(LedgerError) in try session.keys() }
    }

    package func authenticate(_ text: String, at moment: Timestamp) async throws(LedgerError) -> AccessKey {
        let key = try await read { (session) throws(LedgerError) in try session.authenticate(text, at: moment) }
        rates.note(key, at: moment)
        return key
    }
}
