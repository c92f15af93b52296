import Domain
import Testing

@testable import Ledger

/// Edits of the file, with or without its triggers, which `verify` has to find.
@Suite struct TamperTests {
    /// Columns of `entry` that a sum is made of, and those that say whose sum it is.
    private static let figures = [
        "input", "cached_read", "cache_write_5m", "cache_write_1h", "output", "reasoning", "audio_input",
        "audio_output",
        "requests", "api", "energy_cost", "hardware", "energy_uj", "latency_us", "predicted_api",
        "predicted_energy_cost", "predicted_hardware", "predicted_energy_uj", "predicted_latency_us", "baseline_api",
        "baseline_energy_cost", "baseline_hardware", "baseline_energy_uj", "first_token_us", "uncertain",
    ]
    private static let names = [
        "kind", "model", "served_model", "provider", "placement", "stage", "policy", "api_key", "team", "outcome",
    ]

    private static let edits: [String] =
        figures.map { "UPDATE entry SET \($0) = \($0) + 1 WHERE id = 'a'" }
        + names.map { "UPDATE entry SET \($0) = (SELECT id FROM name WHERE label = 'run-1') WHERE id = 'a'" }
        + [
            "UPDATE entry SET charged_at = charged_at - 86400000 WHERE id = 'a'", "DELETE FROM entry WHERE id = 'a'",
            "UPDATE budget_total SET spent = spent - 1", "UPDATE budget_total SET reserved = reserved + 1",
            "UPDATE budget_total SET start = start + 86400000 WHERE start > 0", "DELETE FROM budget_total",
            "DELETE FROM reservation", "UPDATE reservation SET bound_nano = bound_nano - 1",
            "UPDATE reservation SET bound_tokens = 1", "UPDATE rolled SET sequence = sequence - 1",
            "UPDATE rolled SET sequence = sequence + 1", "DELETE FROM rollup_sum WHERE span = 86400000",
            "UPDATE rollup_sum SET latency = x'00'",
        ] + SumColumn.allCases.map { "UPDATE rollup_sum SET \($0.rawValue) = \($0.rawValue) - 1 WHERE span = 3600000" }

    @Test("verify finds every figure, name and total that was edited in the database")
    func edited() async throws {
        try await TemporaryLedger.with { ledger, place in
            let call = Sample.call(account: Attribution(team: "t", key: "k"))
            for unit in BudgetUnit.allCases {
                for window in [BudgetWindow.none, .day] {
                    let limit = BudgetLimit(unit: unit, amount: .max)
                    try await ledger.write {
                        try $0.setBudget(Budget(scope: .key("k"), limit: limit, window: window), at: Sample.noon)
                    }
                }
            }
            try await ledger.append(Sample.entry("a", nanoUSD: 5, call: call))
            try await ledger.append(Sample.entry("b", nanoUSD: 7, call: call))
            _ = try await ledger.reserve(Sample.request("r", nanoUSD: 9, call: call))
            try await ledger.rollUp()
            #expect(try await ledger.read { try $0.verify() }.isSound)
            for trigger in ["update", "delete"] { try place.edit("DROP TRIGGER entry_no_\(trigger)") }
            for edit in Self.edits {
                // Taken back afterwards: what is written stays in a transaction of its own.
                let found = try Self.differences(after: edit, in: place)
                #expect(found > 0, "not found: \(edit)")
            }
            #expect(try await ledger.read { try $0.verify() }.isSound)
        }
    }

    private static func differences(after edit: String, in place: TemporaryLedger) throws(LedgerError) -> Int {
        let database = try SQLiteDatabase(path: place.path)
        var result: Result<Int, LedgerError> = .success(0)
        database.withWriter { connection in
            result = Result { () throws(LedgerError) in
                try connection.execute("BEGIN IMMEDIATE", [])
                try connection.execute("PRAGMA defer_foreign_keys = ON", [])
                try connection.execute(edit, [])
                var transaction = LedgerTransaction(connection: connection)
                let found = try transaction.verify().differences.count
                try connection.execute("ROLLBACK", [])
                return found
            }
        }
        database.close()
        return try result.get()
    }
}
