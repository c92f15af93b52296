import Testing

@testable import Ledger

/// Rows travel to PostgreSQL as one array of rows, or as an array for each column where a session may make no types.
@Suite(.enabled(if: TemporaryPostgreSQL.isAvailable, "no PostgreSQL server is here"))
struct RowTypeTests {
    private static let insertion = SQLInsertion(
        table: "odd", columns: ["number", "text", "bytes", "other"], types: [.bigint, .text, .bytea, .bigint],
        conflict: " ON CONFLICT (number) DO UPDATE SET other = odd.other + excluded.other")
    private static let rows: [[SQLValue]] = [
        [.integer(Int64.min), .text("a \"quote\", (and) {braces}\n\\"), .blob([0, 255, 92]), .null],
        [.integer(Int64.max), .text(""), .blob([]), .integer(0)],
        [.integer(-1), .null, .null, .integer(1)],
        [.integer(0), .text("ünïcode ∑"), .blob(Array(repeating: 7, count: 70_000)), .integer(-1)],
    ]

    @Test("insertion by row type and by columns has the same result, with odd values, nulls and conflicts")
    func same() async throws {
        try await TemporaryPostgreSQL.with { server in
            let connection = try PostgreSQLConnection(url: server.url)
            var kept: [[[SQLValue]]] = []
            for isTyped in [false, true] {
                try connection.script(
                    "DROP TABLE IF EXISTS odd; "
                        + "CREATE TABLE odd (number BIGINT PRIMARY KEY, text TEXT, bytes BYTEA, other BIGINT)")
                if isTyped { try connection.makeRowTypes(for: [Self.insertion]) }
                connection.insert(Self.rows, Self.insertion)
                connection.insert([[.integer(0), .null, .null, .integer(41)]], Self.insertion)
                connection.insert([], Self.insertion)
                kept.append(
                    try connection.rows("SELECT number, text, bytes, other FROM odd ORDER BY number", []).map(\.values))
                let statements = try connection.rows("SELECT statement FROM pg_prepared_statements", [])
                #expect(statements.contains { $0.text(0).contains("pg_temp.hera_odd") } == isTyped)
            }
            #expect(kept[0] == kept[1])
            #expect(kept[0].map { $0[0] } == [Self.rows[0][0], .integer(-1), .integer(0), Self.rows[1][0]])
            #expect(kept[0][2] == [.integer(0), Self.rows[3][1], Self.rows[3][2], .integer(40)])
        }
    }

    @Test("a database user without the right to temporary types can book")
    func noTemporaryThings() async throws {
        try await TemporaryPostgreSQL.with { server in
            let connection = try PostgreSQLConnection(url: server.url)
            try connection.script(
                "CREATE USER plain; REVOKE TEMP ON DATABASE postgres FROM PUBLIC; GRANT CREATE ON SCHEMA public TO plain"
            )
            let ledger = try LedgerStore.open(server.url.replacing("postgres@", with: "plain@"))
            _ = try await ledger.reserve(Sample.request("r", nanoUSD: 5))
            _ = try await ledger.settle("r", Sample.entry("r", nanoUSD: 4))
            try await ledger.rollUp()
            #expect(try await ledger.read { try $0.entry("r") }?.reservationID == "r")
            #expect(try await ledger.read { try $0.verify() }.differences == [])
            await ledger.close()
        }
    }
}
