import Domain

extension LedgerTransaction {
    static let decisionInsertion = SQLInsertion(
        table: "decision", columns: ["id", "run", "at", "team", "api_key", "session", "job", "batch", "body"],
        types: [.text, .text, .bigint, .text, .text, .text, .text, .text, .bytea])
    private static let insertNewDecision = decisionInsertion.single + " ON CONFLICT (id) DO NOTHING"

    /// The values of `decisionInsertion`.
    static func decisionRow(_ record: DecisionRecord) throws(LedgerError) -> [SQLValue] {
        try check(id: record.decision.id, "decision")
        let account = record.attribution
        return [
            .text(record.decision.id), .text(record.decision.runID), .integer(record.at.milliseconds),
            .optional(account.team), .optional(account.key), .optional(account.session), .optional(account.job),
            .optional(account.batch), .blob(record.decision.json),
        ]
    }

    /// Writes a decision; the same one again changes nothing, another one of its id is a `duplicate`.
    package func record(_ record: DecisionRecord) throws(LedgerError) {
        let inserted = try connection.execute(Self.insertNewDecision, try Self.decisionRow(record))
        guard inserted == 1 else {
            // Decisions are made once; telling the same one again changes nothing.
            guard try decision(record.decision.id) == record else {
                throw .duplicate(kind: "decision", id: record.decision.id)
            }
            return
        }
    }

    /// The decision of an id; nil where there is none.
    package func decision(_ id: String) throws(LedgerError) -> DecisionRecord? {
        let row = try connection.row(
            "SELECT at, team, api_key, session, job, batch, body FROM decision WHERE id = ?", [.text(id)])
        guard let row else { return nil }
        guard let decision = Decision(json: row.blob(6)) else {
            throw .database("decision '\(id)' is not one that this version can read")
        }
        let account = Attribution(
            team: row.optionalText(1), key: row.optionalText(2), session: row.optionalText(3),
            job: row.optionalText(4), batch: row.optionalText(5))
        return DecisionRecord(
            decision: decision, attribution: account, at: Timestamp(milliseconds: row.integer(0)))
    }
}
