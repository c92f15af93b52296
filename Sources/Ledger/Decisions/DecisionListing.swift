package import Domain

extension LedgerMigration {
    /// Decisions are listed by time.
    static let decisionTimes = ["CREATE INDEX decision_at ON decision (at, id)"]
}

/// A place in the list of decisions, which is ordered by time and then by id.
package struct DecisionPosition: Hashable, Sendable {
    /// The decision's time.
    package var at: Timestamp
    /// The decision's id.
    package var id: String

    /// The place of a decision.
    package init(at: Timestamp, id: String) {
        self.at = at
        self.id = id
    }
}

extension LedgerTransaction {
    /// Decisions, the newest first.
    ///
    /// - Parameters:
    ///   - position: only decisions behind this one in the list; nil from the newest on.
    ///   - from: only decisions at or after this moment; nil for all.
    ///   - key: only decisions of this key; nil for all.
    package func decisions(
        behind position: DecisionPosition?, from: Timestamp? = nil, ofKey key: String? = nil, limit: Int
    ) throws(LedgerError) -> [DecisionRecord] {
        var conditions: [String] = []
        var arguments: [SQLValue] = []
        if let position {
            conditions.append("(at, id) < (?, ?)")
            arguments += [.integer(position.at.milliseconds), .text(position.id)]
        }
        if let from {
            conditions.append("at >= ?")
            arguments.append(.integer(from.milliseconds))
        }
        if let key {
            conditions.append("api_key = ?")
            arguments.append(.text(key))
        }
        let filter = conditions.isEmpty ? "" : "WHERE \(conditions.joined(separator: " AND ")) "
        let rows = try connection.rows(
            "SELECT at, team, api_key, session, job, batch, body, id FROM decision \(filter)"
                + "ORDER BY at DESC, id DESC LIMIT ?", arguments + [.integer(max(limit, 0))])
        var records: [DecisionRecord] = []
        for row in rows {
            guard let decision = Decision(json: row.blob(6)) else {
                throw .database("decision '\(row.text(7))' is not one that this version can read")
            }
            let account = Attribution(
                team: row.optionalText(1), key: row.optionalText(2), session: row.optionalText(3),
                job: row.optionalText(4), batch: row.optionalText(5))
            records.append(
                DecisionRecord(
                    decision: decision, attribution: account, at: Timestamp(milliseconds: row.integer(0))))
        }
        return records
    }
}
