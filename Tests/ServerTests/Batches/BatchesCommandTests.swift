import Domain
import Foundation
import JSON
import Ledger
import ScriptedUpstream
import TestSupport
import Testing

/// `hera batches` settles a `hera batch` that was stopped and is not resumed.
@Suite("hera batches", .serialized)
struct BatchesCommandTests {
    private static let options = ["--budget", "0.50", "--model", "test/small", "--confidence", "0.5"]

    private func with(
        _ batches: ScriptedBatches, _ body: (BatchProcess) async throws -> Void
    ) async throws {
        try await ScriptedUpstream.with { request in
            batches.reply(to: request)
                ?? (request.method == "GET"
                    ? .models(["test/small", "test/large"])
                    : .completion("called", model: request.model, usage: BatchTests.usage))
        } _: { models async throws in
            let batch = try BatchProcess(modelsAt: models.baseURL, batchTier: 6)
            defer { batch.remove() }
            try await body(batch)
        }
    }

    /// Runs `hera batches ...` in a batch's folder; returns the exit code and output.
    private func command(_ arguments: [String], in batch: BatchProcess) throws -> (code: Int32, text: String) {
        let process = Process()
        process.executableURL = try HeraProcess.binary()
        process.currentDirectoryURL = batch.folder
        process.arguments = ["batches"] + arguments + ["--database", "sqlite:hera.sqlite"]
        process.environment = ProcessInfo.processInfo.environment.merging(["TEST_KEY": "secret-of-tests"]) { $1 }
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }

    private func cancel(_ id: String, in batch: BatchProcess) throws -> (code: Int32, text: String) {
        try command(
            ["cancel", id, "--catalog", "Catalog", "--profiles", "None", "--config", "hera.yaml"], in: batch)
    }

    /// The id of a batch of 12 rows, killed or stopped after submission.
    private func abandoned(_ batch: BatchProcess, _ batches: ScriptedBatches, killed: Bool) async throws -> String {
        batches.change { $0.pollsUntilEnd = nil }
        try batch.write(rows: 1...12)
        let process = try batch.start(Self.options)
        try await waitUntil { batches.record.batches.count >= 2 }
        try await Task.sleep(for: .milliseconds(300))
        if killed { Foundation.kill(process.processIdentifier, SIGKILL) } else { process.interrupt() }
        process.waitUntilExit()
        return try await batch.ledger { try #require(try await $0.read { try $0.batches(limit: 1) }.first?.id) }
    }

    @Test(
        "cancel ends an abandoned batch: answered rows are booked, the rest is free, and the command can resume",
        arguments: [true, false])
    func cancelled(killed: Bool) async throws {
        let batches = ScriptedBatches(.openAI)
        try await with(batches) { batch async throws in
            let id = try await abandoned(batch, batches, killed: killed)
            if !killed { #expect(batch.text("stderr").contains("`hera batches cancel \(id)` ends them")) }
            let reserved = try await batch.ledger { ledger async throws in
                try await ledger.read { try $0.groups(ofBatch: id) }.reduce(0) { $0 + $1.reserved.nanoUSD }
            }
            #expect(reserved > 0)
            let list = try command(["list", "--format", "json"], in: batch)
            let line = try #require(try JSONDocument(Array(list.text.utf8)).root.elements.first { _ in true })
            #expect(line["id"]?.string == id && line["at_providers"]?.integer == 12, "\(list.text)")
            #expect(line["reserved_usd"]?.double == Double(reserved) / 1e9)
            #expect(line["status"]?.string == (killed ? "in_progress" : "stopped"))

            // Half of each provider batch is done at the stop.
            batches.change { $0.pollsUntilEnd = 2 }
            let end = try cancel(id, in: batch)
            #expect(end.code == 0, "\(end.text)")
            #expect(
                end.text.contains("\(id) is cancelled: 6 of 12 rows at providers were answered; of $"), "\(end.text)")
            #expect(batches.record.cancelCalls == 2)
            try await batch.ledger { ledger async throws in
                #expect(try await ledger.read { try $0.openReservations() }.isEmpty)
                #expect(try await ledger.read { try $0.verify() }.isSound)
                let entries = try await ledger.read { try $0.entries(ofRun: id) }
                #expect(entries.count == 6 && entries.allSatisfy { $0.kind == .call && $0.call.tier == .batch })
                let bill = try #require(batches.record.bill["test/small"])
                let nano = entries.reduce(0) { $0 + $1.result.figures.cost.total.nanoUSD }
                #expect(nano == Int64(400 * bill.promptTokens + 800 * bill.completionTokens))
                let status = try #require(try await ledger.read { try $0.budgets(of: [.batch(id)], at: .now()) }.first)
                #expect(status.reserved == 0 && status.spent == nano)
                #expect(status.budget.limit.amount == 500_000_000, "the budget is as it was set")
            }
            #expect(try command(["list"], in: batch).text.contains("no batch is open"))
            #expect(try command(["list", "--all"], in: batch).text.contains("\(id)  cancelled, of hera batch"))
            let again = try cancel(id, in: batch)
            #expect(again.code == 0 && again.text.contains("is cancelled already; none of its rows"), "\(again.text)")

            #expect(try batch.run(Self.options) == 0, "\(batch.text("stderr"))")
            #expect(try batch.lines("out.jsonl").count == 12)
            #expect(batches.record.billedRows.values.allSatisfy { $0 == 1 })
            #expect(batches.record.batches.count == 2, "what came back is called")
        }
    }

    @Test("an unknown batch, and one leased by another process, are reported and left unchanged")
    func refused() async throws {
        let batches = ScriptedBatches(.openAI)
        batches.change { $0.pollsUntilEnd = nil }
        try await with(batches) { batch async throws in
            #expect(try cancel("batch_none", in: batch).code == 65)
            try batch.write(rows: 1...6)
            let process = try batch.start(Self.options)
            try await waitUntil { !batches.record.batches.isEmpty }
            let id = try await batch.ledger { try #require(try await $0.read { try $0.batches(limit: 1) }.first?.id) }
            let end = try cancel(id, in: batch)
            #expect(end.code == 75 && end.text.contains("another process works on this batch"), "\(end.text)")
            #expect(batches.record.cancelCalls == 0)
            batches.endAll()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0, "\(batch.text("stderr"))")
        }
    }

    @Test("results that cannot be written, for a full disk, end the command with 74 and are written by the next one")
    func fullDisk() async throws {
        let batches = ScriptedBatches(.openAI)
        try await with(batches) { batch async throws in
            try batch.write(rows: 1...3)
            let process = Process()
            process.executableURL = try HeraProcess.binary()
            process.currentDirectoryURL = batch.folder
            process.arguments =
                [
                    "batch", "in.jsonl", "--out", "-", "--catalog", "Catalog", "--profiles", "None", "--database",
                    "sqlite:hera.sqlite",
                ] + Self.options
            process.environment = ProcessInfo.processInfo.environment.merging(["TEST_KEY": "secret-of-tests"]) { $1 }
            process.standardOutput = FileHandle(forWritingAtPath: "/dev/full")
            process.standardError = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
            #expect(process.terminationReason == .exit && process.terminationStatus == 74)
            let paid = batches.record.billedRows.count
            #expect(try batch.run(Self.options) == 0, "\(batch.text("stderr"))")
            #expect(try batch.lines("out.jsonl").count == 3)
            #expect(batches.record.billedRows.count == paid, "no model is called twice")
        }
    }
}
