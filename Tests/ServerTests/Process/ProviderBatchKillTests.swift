import Domain
import Foundation
import JSON
import Ledger
import ScriptedUpstream
import Synchronization
import TestSupport
import Testing

/// `hera batch` with provider batches, interrupted and killed. Short by default; HERA_CHAOS=1 kills 100 times over
/// batches of 120 rows.
@Suite("hera batch with provider batches, interrupted and killed", .serialized)
struct ProviderBatchKillTests {
    private static let isLong = ProcessInfo.processInfo.environment["HERA_CHAOS"] == "1"
    private static let rows = isLong ? 120 : 36
    private static let kills = isLong ? 100 : 5
    private static let options = ["--budget", "0.50", "--model", "test/small", "--confidence", "0.5"]

    private static func usage(of row: ScriptedBatchRow) -> ScriptedUsage {
        let number = row.prompt.count + Int(row.prompt.utf8.reduce(0) { $0 &+ UInt64($1) } % 7)
        return ScriptedUsage(promptTokens: number, completionTokens: 1 + number % 5)
    }

    private static func batches(polls: Int?) -> ScriptedBatches {
        let batches = ScriptedBatches(.openAI)
        batches.change {
            $0.pollsUntilEnd = polls
            $0.answer = { ($0.prompt, usage(of: $0)) }
        }
        return batches
    }

    private func with(
        _ batches: ScriptedBatches, rowsInOne: Int, _ body: (BatchProcess) async throws -> Void
    ) async throws {
        try await ScriptedUpstream.with { request in
            guard let reply = batches.reply(to: request) else {
                return request.method == "GET" ? .models(["test/small", "test/large"]) : .nothing(.reset)
            }
            // The provider creates the batch before it responds, so a process killed in between does not know of it.
            let isSubmission = request.method == "POST" && request.path.hasSuffix("/batches")
            return reply.delayed(by: .milliseconds(isSubmission ? 150 : 5))
        } _: { models async throws in
            let batch = try BatchProcess(modelsAt: models.baseURL, batchTier: rowsInOne)
            defer { batch.remove() }
            try await body(batch)
        }
    }

    /// Checks that every row is sent, answered and billed once, and that the ledger equals the provider's bill to the
    /// nano-dollar.
    ///
    /// - Parameter before: requests that the provider received before this batch.
    private func check(
        _ batch: BatchProcess, _ batches: ScriptedBatches, rows: Int, since before: ScriptedBatches.Record? = nil
    ) async throws {
        let lines = try batch.lines("out.jsonl")
        #expect(lines.map { $0["custom_id"]?.string } == (1...rows).map { "row-\($0)" })
        let record = batches.record
        let sent = record.batches.dropFirst(before?.batches.count ?? 0).flatMap(\.rows)
        #expect(sent.count == rows && Set(sent.map(\.prompt)).count == rows, "no row was sent twice")
        #expect(sent.allSatisfy { record.billedRows[$0.customID] == 1 })
        try await batch.ledger { ledger async throws in
            #expect(try await ledger.read { try $0.verify() }.isSound)
            #expect(try await ledger.read { try $0.openReservations() }.isEmpty)
            let id = try #require(try await ledger.read { try $0.batches(limit: 1) }.first?.id)
            let entries = try await ledger.read { try $0.entries(ofRun: id) }
            #expect(entries.count == rows && entries.allSatisfy { $0.kind == .call && $0.call.tier == .batch })
            let (now, then) = (record.bill["test/small"], before?.bill["test/small"])
            let prompt = (now?.promptTokens ?? 0) - (then?.promptTokens ?? 0)
            let completion = (now?.completionTokens ?? 0) - (then?.completionTokens ?? 0)
            #expect(entries.reduce(0) { $0 + $1.result.usage.promptTokens } == prompt)
            #expect(entries.reduce(0) { $0 + $1.result.usage.completionTokens } == completion)
            let nano = entries.reduce(0) { $0 + $1.result.figures.cost.total.nanoUSD }
            #expect(nano == Int64(400 * prompt + 800 * completion))
            let status = try #require(try await ledger.read { try $0.budgets(of: [.batch(id)], at: .now()) }.first)
            #expect(status.reserved == 0 && status.spent == nano)
        }
    }

    @Test("SIGINT leaves provider batches running, and the same command fetches their results")
    func interrupted() async throws {
        let batches = Self.batches(polls: nil)
        try await with(batches, rowsInOne: 10) { batch async throws in
            try batch.write(rows: 1...20)
            let process = try batch.start(Self.options)
            try await waitUntil { batches.record.batches.count >= 2 }
            try await Task.sleep(for: .milliseconds(400))
            process.interrupt()
            process.waitUntilExit()
            #expect(process.terminationStatus == 75, "\(batch.text("stderr"))")
            #expect(batch.text("stderr").contains("20 rows are at their models' providers and go on there"))
            #expect(batch.text("stderr").contains("test/small 20 (20 as a batch of its provider's"))
            #expect(batches.record.cancelCalls == 0)
            let errors = try batch.lines("out.errors.jsonl")
            #expect(errors.count == 20 && errors.allSatisfy { $0["error"]?["code"]?.string == "at_provider" })
            batches.endAll()
            #expect(try batch.run(Self.options) == 0, "\(batch.text("stderr"))")
            #expect(batch.text("stderr").contains("20 rows are at their models' providers; their answers are fetched"))
            try await check(batch, batches, rows: 20)
        }
    }

    @Test("kill -9 at any moment: no row is sent twice, lost, or paid for twice, and nothing is uncertain")
    func killed() async throws {
        let batches = Self.batches(polls: 4)
        try await with(batches, rowsInOne: max(4, Self.rows / 12)) { batch async throws in
            try batch.write(rows: 1...Self.rows)
            var generator = SystemRandomNumberGenerator()
            var kills = 0
            var round = 0
            while kills < Self.kills, round < 4 * Self.kills {
                round += 1
                let before = batches.record
                let options = Self.options + ["--run", "\(round)"]
                while kills < Self.kills {
                    if Bool.random(using: &generator) { batches.change { $0.lostAnswers += 1 } }
                    let process = try batch.start(options)
                    // Half of the kills during a submit response, the others at any moment.
                    let calls = batches.record.createCalls
                    let killsDuringSubmission = kills % 2 == 0
                    let delay = killsDuringSubmission ? 300 : Int.random(in: 10...150, using: &generator)
                    for _ in 0..<delay where process.isRunning {
                        if killsDuringSubmission, batches.record.createCalls > calls { break }
                        try await Task.sleep(for: .milliseconds(10))
                    }
                    if killsDuringSubmission {
                        try await Task.sleep(for: .milliseconds(Int.random(in: 0...200, using: &generator)))
                    }
                    let isRunning = process.isRunning
                    if isRunning { Foundation.kill(process.processIdentifier, SIGKILL) }
                    process.waitUntilExit()
                    if !isRunning { break }
                    kills += 1
                }
                #expect(try batch.run(options) == 0, "\(batch.text("stderr"))")
                try await check(batch, batches, rows: Self.rows, since: before)
            }
            #expect(kills == Self.kills)
            print(
                "\(round) batches of \(Self.rows) rows at a provider, \(kills) kills: "
                    + "\(batches.record.batches.count) batches there from \(batches.record.createCalls) orders, "
                    + "nothing uncertain")
        }
    }
}
