/// A step of the schema from an empty database to the present one. A released migration never changes.
struct LedgerMigration: Sendable {
    let name: String
    private let statements: [String]

    /// The statements in an SQL dialect.
    func statements(in dialect: SQLDialect) -> [String] {
        statements.map { Self.translate($0, to: dialect) }
    }

    /// Replaces the marks in braces, which stand for the differences between the dialects.
    private static func translate(_ statement: String, to dialect: SQLDialect) -> String {
        let marks: [(String, String)] =
            switch dialect {
            case .sqlite:
                [
                    ("{serial}", "INTEGER PRIMARY KEY AUTOINCREMENT"), ("{integer}", "INTEGER"), ("{bytes}", "BLOB"),
                    ("{strict}", " STRICT"), ("{keyed}", " STRICT, WITHOUT ROWID"), ("{named}", " REFERENCES name"),
                ]
            case .postgreSQL:
                [
                    ("{serial}", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"), ("{integer}", "BIGINT"),
                    ("{bytes}", "BYTEA"), ("{strict}", ""), ("{keyed}", ""),
                    // Thirteen foreign keys take three quarters of an insertion's time.
                    ("{named}", ""),
                ]
            }
        var text = statement
        for (mark, meaning) in marks {
            text = text.split(separator: mark, omittingEmptySubsequences: false).joined(separator: meaning)
        }
        return text
    }

    /// All migrations in order. Their names are stored in databases and never change.
    static let all: [LedgerMigration] = [
        LedgerMigration(
            name: "1 money, decisions and jobs",
            statements: nameTables + entryTables + reservationTables + budgetTables + firstRollups + decisionTables
                + jobTables),
        LedgerMigration(name: "2 keys, files and batches", statements: keyTables + fileTables + batchTables),
        LedgerMigration(name: "3 leases", statements: leases),
        LedgerMigration(name: "4 measured quality", statements: quality),
        LedgerMigration(
            name: "5 files that end, batches that are cancelled", statements: fileExpiry + batchCancelling),
        LedgerMigration(name: "6 batches at providers", statements: providerGroups),
        LedgerMigration(name: "7 shared rates", statements: rates),
        LedgerMigration(name: "8 requests told again", statements: requests),
        LedgerMigration(name: "9 sessions", statements: sessions),
        LedgerMigration(name: "10 roll-ups that follow the entries", statements: rollups),
        LedgerMigration(name: "11 latencies of calls that are waited for", statements: latencies),
        LedgerMigration(name: "12 failed attempts", statements: failures),
        LedgerMigration(name: "13 stored responses", statements: responses),
        LedgerMigration(name: "14 decisions by time", statements: decisionTimes),
        LedgerMigration(
            name: "15 end users and tags, alerts, and changes of access",
            statements: labels + budgetAlerts + accessChanges),
    ]

    private static let nameTables = ["CREATE TABLE name (id {serial}, label TEXT NOT NULL UNIQUE){strict}"]
}
