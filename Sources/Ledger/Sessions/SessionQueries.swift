import Digest
import Domain

extension LedgerMigration {
    /// Routing's session memory. `hour` is the hour of the last step since 1970: an index over hours changes less often
    /// than one over moments.
    static let sessions: [String] = [
        "CREATE TABLE session_memory (id TEXT PRIMARY KEY, version {integer} NOT NULL, owner TEXT NOT NULL, "
            + "hour {integer} NOT NULL, body {bytes} NOT NULL){keyed}",
        "CREATE INDEX session_memory_hour ON session_memory (hour)",
    ]
}

extension LedgerTransaction {
    static let hourMilliseconds: Int64 = 3_600_000

    /// A run that resumes after a day of silence counts its steps from 1 again.
    private static let sessionInsertion = SQLInsertion(
        table: "session_memory", columns: ["id", "version", "owner", "hour", "body"],
        types: [.text, .bigint, .text, .bigint, .bytea],
        conflict: " ON CONFLICT (id) DO UPDATE SET version = excluded.version, owner = excluded.owner, "
            + "hour = excluded.hour, body = excluded.body WHERE session_memory.version <= excluded.version "
            + "OR session_memory.hour < excluded.hour - \(Int64(SessionRecord.idleSeconds * 1000) / hourMilliseconds)")

    /// Writes the session memory of the transaction's runs, unless a newer one is stored. Of two nodes with the same
    /// step, the last writer wins.
    func writeSessions() throws(LedgerError) {
        let rows = transactionSessions.values.map { record -> [SQLValue] in
            [
                .text(Self.sessionKey(record.id)), .integer(record.version), .text(owner),
                .integer(record.at.milliseconds.floored(to: Self.hourMilliseconds) / Self.hourMilliseconds),
                .blob(record.body),
            ]
        }
        try connection.insert(rows, Self.sessionInsertion)
    }

    /// The session memory of a run, if it is newer than a version or another store's.
    func session(_ id: String, newerThan version: Int, by owner: String) throws(LedgerError) -> SessionRecord? {
        let row = try connection.row(
            "SELECT version, owner, hour, body FROM session_memory "
                + "WHERE id = ? AND (version > ? OR (version = ? AND owner <> ?))",
            [.text(Self.sessionKey(id)), .integer(version), .integer(version), .text(owner)])
        guard let row else { return nil }
        var record = SessionRecord(
            id: id, version: Int(row.integer(0)), body: row.blob(3),
            at: Timestamp(milliseconds: row.integer(2) * Self.hourMilliseconds))
        record.owner = row.text(1)
        return record
    }

    /// Runs before this hour have expired.
    private static func firstHour(at moment: Timestamp) -> SQLValue {
        let last = moment.milliseconds - Int64(SessionRecord.idleSeconds * 1000)
        return .integer(last.floored(to: hourMilliseconds) / hourMilliseconds)
    }

    /// Whether there are expired runs or responses.
    func hasSomethingToForget(at moment: Timestamp) throws(LedgerError) -> Bool {
        try connection.row(
            "SELECT 1 WHERE EXISTS (SELECT 1 FROM session_memory WHERE hour < ?) "
                + "OR EXISTS (SELECT 1 FROM kept_request WHERE at <= ?) "
                + "OR EXISTS (SELECT 1 FROM response WHERE expires_at <= ?) OR \(Self.hasOldAlerts)",
            [
                Self.firstHour(at: moment), .integer(Self.lastRequest(at: moment)), .integer(moment.milliseconds),
                Self.lastAlert(at: moment),
            ]) != nil
    }

    /// Deletes some expired runs.
    func forgetSessions(at moment: Timestamp, limit: Int) throws(LedgerError) {
        try connection.execute(
            "DELETE FROM session_memory WHERE id IN (SELECT id FROM session_memory WHERE hour < ? LIMIT ?)",
            [Self.firstHour(at: moment), .integer(limit)])
    }

    /// A session's id is the caller's choice; the table's key is bounded and without NUL.
    private static func sessionKey(_ id: String) -> String {
        let isShort = id.utf8.count <= 100 && !id.utf8.contains(0) && !id.hasPrefix("sha256:")
        if isShort { return id }
        return "sha256:"
            + SHA256.hash(utf8: id).map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined()
    }
}
