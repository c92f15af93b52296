import Domain
import Foundation
import JSON
import Ledger
import ScriptedUpstream
import Synchronization
import TestSupport
import Testing

/// SIGKILL at random moments of a batch. Short by default; HERA_CHAOS=1 kills 200 times over 500 rows.
@Suite("hera batch, killed repeatedly", .serialized)
struct BatchKillTests {
    private static let isLong = ProcessInfo.processInfo.environment["HERA_CHAOS"] == "1"
    private static let rows = isLong ? 500 : 60
    private static let kills = isLong ? 200 : 6
    private static let budget = "0.50"
    private static let options = [
        "--budget", budget, "--model", "test/small", "--concurrency", "4", "--confidence", "0.5",
    ]

    /// The server's bill for a row.
    private static func usage(of row: String) -> ScriptedUsage {
        let number = Int(row.split(separator: "-").last ?? "") ?? 0
        return ScriptedUsage(promptTokens: 20 + number % 7, completionTokens: 1 + number % 5)
    }

    @Test("no row is lost, and only rows in progress at a kill are paid twice, which is booked")
    func killed() async throws {
        let billed = Mutex<[String: Int]>([:])
        try await ScriptedUpstream.with { request in
            if request.method == "GET" { return .models(["test/small", "test/large"]) }
            let row = BatchProcessTests.row(of: request)
            billed.withLock { $0[row, default: 0] += 1 }
            // Billed on request and answered later, so a kill in between loses a paid answer.
            var reply = ScriptedReply.completion(row, model: request.model, usage: Self.usage(of: row))
            reply.actions.insert(.wait(.milliseconds(Int.random(in: 5...60))), at: 1)
            return reply
        } _: { models async throws in
            let batch = try BatchProcess(modelsAt: models.baseURL)
            defer { batch.remove() }
            try batch.write(rows: 1...Self.rows)
            var generator = SystemRandomNumberGenerator()
            var kills = 0
            var isDone = false
            while kills < Self.kills, !isDone {
                let process = try batch.start(Self.options)
                let calls = models.record.calls
                // Most kills fall during calls, some at any moment.
                let wanted = calls + Int.random(in: 0...max(1, 2 * Self.rows / Self.kills), using: &generator)
                let patience = Int.random(in: 0..<4, using: &generator) == 0 ? Int.random(in: 1...40) : 4000
                for _ in 0..<patience where models.record.calls < wanted && process.isRunning {
                    try await Task.sleep(for: .milliseconds(10))
                }
                try await Task.sleep(for: .milliseconds(Int.random(in: 0...30, using: &generator)))
                isDone = !process.isRunning
                if process.isRunning { kill(process.processIdentifier, SIGKILL) }
                process.waitUntilExit()
                kills += 1
            }
            #expect(try batch.run(Self.options) == 0, "\(batch.text("stderr"))")
            try await check(batch, models, billed: billed.withLock { $0 }, kills: kills)
        }
    }

    private func check(
        _ batch: BatchProcess, _ models: ScriptedUpstream, billed: [String: Int], kills: Int
    ) async throws {
        let names = (1...Self.rows).map { "row-\($0)" }
        let lines = try batch.lines("out.jsonl")
        #expect(lines.map { $0["custom_id"]?.string } == names, "no row is lost, none is there twice")
        for line in lines {
            let text = line["response"]?["body"]?["choices"]?.elements.first { _ in true }?["message"]?["content"]?
                .string
            #expect(text == line["custom_id"]?.string)
        }
        try await batch.ledger { ledger async throws in
            #expect(try await ledger.read { try $0.verify() }.isSound)
            #expect(try await ledger.read { try $0.openReservations() }.isEmpty)
            let id = try #require(try await ledger.read { try $0.batches(limit: 2) }.first?.id)
            let entries = try await ledger.read { try $0.entries(ofRun: id) }
            let certain = entries.filter { $0.kind == .call }
            let uncertain = entries.count { $0.kind == .uncertain }
            #expect(certain.count == Self.rows, "every row is paid for once with a known bill")
            #expect(certain.count + uncertain == entries.count)

            let all = billed.values.reduce(0, +)
            #expect(all == models.record.billedCalls.values.reduce(0, +))
            let again = names.reduce(0) { $0 + (billed[$1] ?? 0) - 1 }
            #expect(billed.count == Self.rows)
            #expect(again <= uncertain, "each call that was lost at a kill is booked")
            #expect(uncertain <= 4 * kills, "and nothing else is")

            // The ledger equals the server's bill without the lost calls, to the token and the nano-dollar.
            var expected = ScriptedUsage(promptTokens: 0, completionTokens: 0)
            var lost = expected
            for name in names {
                expected = expected + Self.usage(of: name)
                for _ in 1..<max(1, billed[name] ?? 1) { lost = lost + Self.usage(of: name) }
            }
            #expect(models.record.bill["test/small"] == expected + lost)
            #expect(certain.reduce(0) { $0 + $1.result.usage.promptTokens } == expected.promptTokens)
            #expect(certain.reduce(0) { $0 + $1.result.usage.completionTokens } == expected.completionTokens)
            let nano = certain.reduce(0) { $0 + $1.result.figures.cost.total.nanoUSD }
            #expect(nano == Int64(1000 * expected.promptTokens + 2000 * expected.completionTokens))

            let status = try #require(try await ledger.read { try $0.budgets(of: [.batch(id)], at: .now()) }.first)
            #expect(status.reserved == 0)
            #expect(status.spent <= status.budget.limit.amount)
            #expect(status.spent == entries.reduce(0) { $0 + $1.result.figures.cost.total.nanoUSD })
            print(
                "batch of \(Self.rows) rows, \(kills) kills: \(all) calls billed by the server, "
                    + "\(again) of them again, \(uncertain) booked as uncertain")
        }
    }
}
