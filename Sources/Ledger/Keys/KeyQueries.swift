package import Domain
import JSON

extension LedgerMigration {
    /// Only the salted hash of the secret is stored.
    static let keyTables: [String] = [
        "CREATE TABLE access_key (id TEXT PRIMARY KEY, team TEXT, label TEXT NOT NULL, created_at {integer} NOT NULL, "
            + "expires_at {integer}, revoked_at {integer}, models {bytes} NOT NULL, policy TEXT, "
            + "requests_per_minute {integer}, tokens_per_minute {integer}, salt {bytes} NOT NULL, "
            + "hash {bytes} NOT NULL){strict}"
    ]

    /// A key's limit of calls at the same time, and who changed keys and budgets.
    static let accessChanges: [String] = [
        "ALTER TABLE access_key ADD COLUMN concurrent_calls {integer}",
        "CREATE TABLE access_change (sequence {serial}, at {integer} NOT NULL, actor TEXT NOT NULL, "
            + "action TEXT NOT NULL, target TEXT NOT NULL, detail TEXT NOT NULL){strict}",
    ]
}

extension LedgerTransaction {
    private static let keyColumns =
        "id, team, label, created_at, expires_at, revoked_at, models, policy, requests_per_minute, tokens_per_minute, "
        + "concurrent_calls"

    /// Writes a key with its budgets and the hash of its secret, and who made it.
    mutating func createKey(
        _ key: AccessKey, _ secret: KeySecret, budgets: [Budget], by actor: String
    ) throws(LedgerError) {
        try Self.check(id: key.id, "key")
        for budget in budgets where budget.scope != .key(key.id) {
            throw .invalid("a budget of \(budget.scope) with the key '\(key.id)'")
        }
        for limit in [key.requestsPerMinute, key.tokensPerMinute, key.concurrentCalls] where (limit ?? 1) < 1 {
            throw .invalid("a limit of \(limit ?? 0); leave it out for none, or revoke the key")
        }
        let salt = KeySecret.newSalt()
        let inserted = try connection.execute(
            "INSERT INTO access_key (\(Self.keyColumns), salt, hash) VALUES (\(Self.placeholders(13))) "
                + "ON CONFLICT (id) DO NOTHING",
            [
                .text(key.id), .optional(key.team), .text(key.label), .integer(key.createdAt.milliseconds),
                .integer(key.expiresAt.map { Int($0.milliseconds) }),
                .integer(key.revokedAt.map { Int($0.milliseconds) }), .blob(key.models.json), .optional(key.policy),
                .integer(key.requestsPerMinute), .integer(key.tokensPerMinute), .integer(key.concurrentCalls),
                .blob(salt), .blob(secret.hash(salt: salt)),
            ])
        guard inserted == 1 else { throw .duplicate(kind: "key", id: key.id) }
        for budget in budgets { try setBudget(budget, at: key.createdAt) }
        try record(AccessChange(created: key, budgets: budgets, by: actor))
        notify(.key(key.id))
    }

    /// All keys, the oldest first.
    package func keys() throws(LedgerError) -> [AccessKey] {
        var keys: [AccessKey] = []
        for row in try connection.rows("SELECT \(Self.keyColumns) FROM access_key ORDER BY created_at, id", []) {
            keys.append(try Self.decodeKey(row))
        }
        return keys
    }

    /// Revokes a key; it takes effect with the next call, on every node.
    package mutating func revokeKey(
        _ id: String, at moment: Timestamp, by actor: String = AccessChange.unnamed
    ) throws(LedgerError) {
        // The first revocation stays; a second one changes nothing.
        let changed = try connection.execute(
            "UPDATE access_key SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
            [.integer(moment.milliseconds), .text(id)])
        guard changed == 1 else {
            let known = try connection.row("SELECT 1 FROM access_key WHERE id = ?", [.text(id)])
            guard known != nil else { throw .notFound(kind: "key", id: id) }
            return
        }
        try record(AccessChange(at: moment, actor: actor, action: .keyRevoked, target: id, detail: ""))
        notify(.key(id))
    }

    /// The key of a text that a caller shows; throws `badKey` for one that is unknown, revoked or expired.
    func authenticate(_ text: String, at moment: Timestamp) throws(LedgerError) -> AccessKey {
        let unknown = LedgerError.badKey("this key is not known here; ask the operator for one (`hera keys create`)")
        guard let secret = KeySecret(text),
            let row = try connection.row(
                "SELECT \(Self.keyColumns), salt, hash FROM access_key WHERE id = ?", [.text(secret.id)]),
            secret.matches(hash: row.blob(12), salt: row.blob(11))
        else { throw unknown }
        let key = try Self.decodeKey(row)
        if let fault = key.fault(at: moment) { throw .badKey(fault) }
        return key
    }

    private static func decodeKey(_ row: SQLRow) throws(LedgerError) -> AccessKey {
        guard let models = ModelFilter(json: row.blob(6)) else {
            throw .database("the models of key '\(row.text(0))' cannot be read")
        }
        var key = AccessKey(
            id: row.text(0), team: row.optionalText(1), label: row.text(2),
            createdAt: Timestamp(milliseconds: row.integer(3)),
            expiresAt: row.optionalInteger(4).map { Timestamp(milliseconds: $0) }, models: models,
            policy: row.optionalText(7), requestsPerMinute: row.optionalInteger(8).map { Int($0) },
            tokensPerMinute: row.optionalInteger(9).map { Int($0) },
            concurrentCalls: row.optionalInteger(10).map { Int($0) })
        key.revokedAt = row.optionalInteger(5).map { Timestamp(milliseconds: $0) }
        return key
    }
}

extension ModelFilter {
    fileprivate var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { filter in
            filter.member("allow", array: { for model in allow { $0.element(model.rawValue) } })
            filter.member("deny", array: { for model in deny { $0.element(model.rawValue) } })
        }
        return writer.bytes
    }

    fileprivate init?(json: [UInt8]) {
        guard let root = try? JSONDocument(json).root, let allow = root["allow"], let deny = root["deny"] else {
            return nil
        }
        let models = { (list: JSONValue) in list.elements.compactMap { $0.string.map { ModelID($0) } } }
        self.init(allow: models(allow), deny: models(deny))
    }
}
