import Domain
import Foundation
import Testing

@testable import Ledger

/// 64 callers at once on budgets of every kind that afford a hundred calls.
@Suite(.serialized) struct HotBudgetTests {
    struct Kind: CustomTestStringConvertible, Sendable {
        let unit: BudgetUnit
        let window: BudgetWindow
        var mode = BudgetMode.hard

        var testDescription: String { "\(unit.rawValue) per \(window), \(mode.rawValue)" }
    }

    private static let isLong = ProcessInfo.processInfo.environment["HERA_CHAOS"] == "1"

    /// Every unit, window and mode at least once.
    private static let kinds = [
        Kind(unit: .usd, window: .none), Kind(unit: .tokens, window: .day), Kind(unit: .joules, window: .week),
        Kind(unit: .tokens, window: .month, mode: .warn), Kind(unit: .usd, window: .rolling(seconds: 3600)),
        Kind(unit: .joules, window: .none, mode: .warn),
    ]

    @Test("exactly the allowed number of calls passes, on SQLite", arguments: kinds)
    func sqlite(_ kind: Kind) async throws {
        for round in 0..<(Self.isLong ? 5 : 1) {
            try await TemporaryLedger.with { ledger, _ in try await storm(kind, key: "k\(round)", on: [ledger]) }
        }
    }

    @Test(
        "exactly the allowed number of calls passes, on PostgreSQL with three nodes",
        .enabled(if: TemporaryPostgreSQL.isAvailable, "no PostgreSQL server is here"))
    func postgreSQL() async throws {
        try await TemporaryPostgreSQL.with { server in
            let nodes = try (0..<3).map { _ in try LedgerStore.open(server.url) }
            for round in 0..<(Self.isLong ? 5 : 1) {
                for (index, kind) in Self.kinds.enumerated() {
                    try await storm(kind, key: "k\(round)-\(index)", on: nodes)
                }
            }
            for node in nodes { await node.close() }
        }
    }

    /// A call takes 1,000 of every unit, and settles with 1,000; what the budget has beyond a hundred calls is one
    /// nano-dollar, token or microjoule short of another. A wider budget affords more, and a narrower one in another
    /// unit: no refusal of one level may leave anything on the others.
    private func storm(_ kind: Kind, key: String, on nodes: [LedgerStore]) async throws {
        let account = Attribution(team: "team-\(key)", key: key)
        let scope = BudgetScope.key(key)
        let budget = Budget(
            scope: scope, limit: BudgetLimit(unit: kind.unit, amount: 100_999), window: kind.window, mode: kind.mode)
        let wide = Budget(scope: .team("team-\(key)"), limit: BudgetLimit(unit: kind.unit, amount: 500_000))
        for budget in [budget, wide] { try await nodes[0].write { try $0.setBudget(budget, at: Sample.noon) } }
        let call = Sample.call(run: "run-\(key)", account: account)
        let (made, warned) = try await withThrowingTaskGroup(of: (Int, Int).self) { group in
            for task in 0..<64 {
                group.addTask { try await Self.call(task, key, call, on: nodes) }
            }
            return try await group.reduce(into: (0, 0)) { $0 = ($0.0 + $1.0, $0.1 + $1.1) }
        }
        #expect(made == (kind.mode == .hard ? 100 : 192))
        // Only calls beyond the limit were warned.
        #expect(warned == (kind.mode == .hard ? 0 : 92))
        for status in try await nodes[nodes.count - 1].read({
            try $0.budgets(of: [scope, wide.scope], at: Sample.noon)
        }) {
            #expect(status.spent == Int64(made) * 1000)
            #expect(status.reserved == 0)
        }
        #expect(try await nodes[0].read { try $0.verify() }.differences == [])
    }

    /// Three calls of one caller: reserved on one node, settled or released on it. How many were made and warned.
    private static func call(
        _ task: Int, _ key: String, _ call: PlannedCall, on nodes: [LedgerStore]
    ) async throws -> (Int, Int) {
        var (made, warned) = (0, 0)
        let node = nodes[task % nodes.count]
        for attempt in 0..<3 {
            let id = "\(key)-\(task)-\(attempt)"
            do {
                let reservation = try await node.reserve(
                    Sample.request(id, nanoUSD: 1000, tokens: 1000, microjoules: 1000, call: call))
                if !reservation.warnings.isEmpty { warned += 1 }
            } catch {
                _ = try #require(error.refusal, "\(error)")
                continue
            }
            made += 1
            let entry = Sample.entry(
                id, nanoUSD: 1000, call: call, joules: 0.001, usage: Usage(input: 900, output: 100))
            _ = try await node.settle(id, entry)
        }
        return (made, warned)
    }
}
