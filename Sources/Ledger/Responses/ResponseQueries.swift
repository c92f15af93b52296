package import Domain

extension LedgerMigration {
    static let responses: [String] = [
        "CREATE TABLE response (id TEXT PRIMARY KEY, api_key TEXT, previous TEXT, created_at {integer} NOT NULL, "
            + "expires_at {integer} NOT NULL, input {bytes} NOT NULL, body {bytes} NOT NULL){strict}",
        "CREATE INDEX response_expires_at ON response (expires_at)",
    ]
}

extension LedgerTransaction {
    private static let responseColumns = "id, api_key, previous, created_at, expires_at, input, body"

    /// Stores a response. One that is there already stays as it is.
    package func keepResponse(_ response: ResponseRecord) throws(LedgerError) {
        try Self.check(id: response.id, "response")
        try connection.execute(
            "INSERT INTO response (\(Self.responseColumns)) VALUES (\(Self.placeholders(7))) ON CONFLICT (id) DO NOTHING",
            [
                .text(response.id), .optional(response.key), .optional(response.previous),
                .integer(response.createdAt.milliseconds), .integer(response.expiresAt.milliseconds),
                .blob(response.input), .blob(response.body),
            ])
    }

    /// The response of an id at a moment; nil where there is none, or it has expired.
    ///
    /// - Parameter key: sees its own responses; nil sees all.
    package func response(_ id: String, for key: String?, at moment: Timestamp) throws(LedgerError) -> ResponseRecord? {
        let row = try connection.row(
            "SELECT \(Self.responseColumns) FROM response WHERE id = ? AND expires_at > ?",
            [.text(id), .integer(moment.milliseconds)])
        guard let row else { return nil }
        let record = ResponseRecord(
            id: row.text(0), key: row.optionalText(1), previous: row.optionalText(2),
            createdAt: Timestamp(milliseconds: row.integer(3)), expiresAt: Timestamp(milliseconds: row.integer(4)),
            input: row.blob(5), body: row.blob(6))
        return key == nil || record.key == key ? record : nil
    }

    /// A response and those whose conversation it continues, the oldest first; empty where one of them is missing.
    ///
    /// - Parameter mostBytes: no more is read of their items and bodies together.
    package func conversation(
        endingWith id: String, for key: String?, at moment: Timestamp, mostBytes: Int
    ) throws(LedgerError) -> [ResponseRecord] {
        var chain: [ResponseRecord] = []
        var next: String? = id
        var bytes = 0
        while let id = next {
            guard bytes <= mostBytes, let turn = try response(id, for: key, at: moment) else { return [] }
            bytes += turn.input.count + turn.body.count
            chain.append(turn)
            next = turn.previous
        }
        return chain.reversed()
    }

    /// Deletes a response; false where there is none that the key may see.
    package func deleteResponse(_ id: String, for key: String?) throws(LedgerError) -> Bool {
        var arguments: [SQLValue] = [.text(id)]
        if let key { arguments.append(.text(key)) }
        let mine = key == nil ? "" : " AND api_key = ?"
        return try connection.execute("DELETE FROM response WHERE id = ?\(mine)", arguments) > 0
    }

    /// Deletes some expired responses.
    func forgetResponses(at moment: Timestamp, limit: Int) throws(LedgerError) {
        try connection.execute(
            "DELETE FROM response WHERE id IN (SELECT id FROM response WHERE expires_at <= ? LIMIT ?)",
            [.integer(moment.milliseconds), .integer(limit)])
    }
}
