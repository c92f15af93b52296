package import Domain

extension LedgerStore {
    /// Stores a new key with its budgets and returns the text that callers show, which cannot be read again.
    package func createKey(
        _ key: AccessKey, budgets: [Budget], by actor: String = AccessChange.unnamed
    ) async throws(LedgerError) -> String {
        let secret = KeySecret(for: key.id)
        try await write { try $0.createKey(key, secret, budgets: budgets, by: actor) }
        return secret.text
    }

    /// The key of a text; throws `badKey` for one that is unknown, revoked or expired.
    package func authenticate(_ text: String, at moment: Timestamp) async throws(LedgerError) -> AccessKey {
        let key = try await read { try $0.authenticate(text, at: moment) }
        rates.record(key, at: moment)
        return key
    }
}
