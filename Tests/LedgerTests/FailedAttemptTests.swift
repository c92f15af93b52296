import Domain
import Testing

@testable import Ledger

@Suite("Failed attempts on dashboards")
struct FailedAttemptTests {
    private static let now = Timestamp(milliseconds: 1_790_000_000_000)

    private static func call(_ model: String, team: String?) -> PlannedCall {
        PlannedCall(
            runID: "r", attribution: Attribution(team: team), model: ModelID(model), provider: "p", placement: .cloud,
            catalogVersion: "t", predicted: .zero)
    }

    private static func check(_ ledger: LedgerStore) async throws {
        let failures = [
            FailedAttempt(at: now, call: call("a", team: "red"), reason: "timeout", isBooked: false),
            FailedAttempt(at: now, call: call("a", team: "red"), reason: "timeout", isBooked: false),
            FailedAttempt(at: now, call: call("a", team: nil), reason: "reset", isBooked: true),
            FailedAttempt(
                at: now.advanced(bySeconds: 90_000), call: call("b", team: "blue"), reason: "timeout", isBooked: false),
        ]
        _ = try await ledger.commitStep(StepCommit(failures: failures))
        func report(_ dimensions: [Dimension], _ filters: [Dimension: String] = [:]) async throws -> DashboardReport {
            try await ledger.read {
                try $0.dashboard(
                    DashboardQuery(
                        from: Timestamp(milliseconds: 0), to: Timestamp(milliseconds: .max), groupBy: dimensions,
                        filters: filters))
            }
        }
        let models = try await report([.model])
        #expect(models.totals.failures == 3 && models.totals.calls == 0)
        #expect(
            Dictionary(uniqueKeysWithValues: models.rows.map { ($0.keys, $0.sums.failures) }) == [["a"]: 2, ["b"]: 1])
        #expect(
            models.failureCounts.map { "\($0.model) \($0.reason) \($0.count)" } == [
                "a timeout 2", "a reset 1", "b timeout 1",
            ])
        let days = try await report([.day, .kind, .session])
        #expect(Set(days.rows.map { $0.keys[0] }) == ["2026-09-21", "2026-09-22"])
        let red = try await report([.hour, .provider, .stage], [.team: "red"])
        #expect(red.totals.failures == 2 && red.rows.map { $0.keys[1] } == ["p"])
        #expect(try await report([], [.team: "green"]).totals.failures == 0)
        #expect(try await report([], [.session: "s"]).failureCounts.isEmpty)
        #expect(try await ledger.read { try $0.verify() }.isSound)
    }

    @Test("they are counted by group, and by model and reason")
    func sqlite() async throws {
        try await TemporaryLedger.with { ledger, _ in try await Self.check(ledger) }
    }

    @Test("the same on PostgreSQL", .enabled(if: TemporaryPostgreSQL.isAvailable, "no PostgreSQL server is here"))
    func postgreSQL() async throws {
        try await TemporaryPostgreSQL.with { server in
            let ledger = try LedgerStore.open(server.url)
            try await Self.check(ledger)
            await ledger.close()
        }
    }
}
