import Domain
import Foundation
import JSON
import Ledger
import ScriptedUpstream
import TestSupport
import Testing

/// `hera batch` with other inputs, databases and concurrent processes.
@Suite("hera batch, its inputs and its lease", .serialized)
struct BatchCommandTests {
    private func with(
        delay: Int = 0, _ body: (BatchProcess, ScriptedUpstream) async throws -> Void
    ) async throws {
        try await ScriptedUpstream.with { request in
            let reply = BatchProcessTests.answer(request)
            return request.method == "GET" || delay == 0 ? reply : reply.delayed(by: .milliseconds(delay))
        } _: { models async throws in
            let process = try BatchProcess(modelsAt: models.baseURL)
            defer { process.remove() }
            try await body(process, models)
        }
    }

    @Test("the same rows are the same batch, as a file, packed, or from standard input")
    func inputs() async throws {
        try await with { batch, models async throws in
            try batch.write(rows: 1...5)
            #expect(try batch.run(["--budget", "0.1"], input: "-", stdin: "in.jsonl") == 0, "\(batch.text("stderr"))")
            #expect(try batch.lines("out.jsonl").count == 5)
            let gzip = Process()
            gzip.executableURL = URL(fileURLWithPath: "/bin/gzip")
            gzip.arguments = ["-k", batch.folder.appendingPathComponent("in.jsonl").path]
            try gzip.run()
            gzip.waitUntilExit()
            #expect(try batch.run(["--budget", "0.1"], input: "in.jsonl.gz") == 0, "\(batch.text("stderr"))")
            #expect(try batch.run(["--budget", "0.1"]) == 0)
            #expect(models.record.billedCalls.values.reduce(0, +) == 5, "no model is called twice")
        }
    }

    @Test("at the deadline no further row begins; what began is answered")
    func deadline() async throws {
        try await with(delay: 250) { batch, models async throws in
            try batch.write(rows: 1...30)
            let options = ["--budget", "0.1", "--deadline", "2", "--concurrency", "1", "--if-short", "cheapest"]
            #expect(try batch.run(options) == 70, "\(batch.text("stderr"))")
            let answers = try batch.lines("out.jsonl").count
            let errors = try batch.lines("out.errors.jsonl")
            #expect(answers == models.record.billedCalls.values.reduce(0, +) && answers + errors.count == 30)
            #expect(errors.allSatisfy { ["batch_expired", "budget_exceeded"].contains($0["error"]?["code"]?.string) })
            #expect(errors.contains { $0["error"]?["code"]?.string == "batch_expired" })
        }
    }

    @Test("limits of accuracy and energy hold for the whole batch")
    func limits() async throws {
        try await with { batch, models async throws in
            try batch.write(rows: 1...10)
            #expect(try batch.run(["--budget", "1", "--min-accuracy", "0.99", "--confidence", "0.5"]) == 65)
            #expect(models.record.requests.count { $0.method == "POST" } == 0)
            #expect(try batch.run(["--budget", "1", "--min-accuracy", "2"]) == 64)
            #expect(batch.text("stderr").contains("--min-accuracy"))
            #expect(try batch.run(["--budget", "1", "--energy", "5", "--min-accuracy", "0.1"]) == 0)
        }
    }

    @Test("a batch longer than a lease stays with its process, and a second process makes no calls")
    func lease() async throws {
        try await with(delay: 500) { batch, models async throws in
            try "limits: {lease_s: 0.6}".write(
                to: batch.folder.appendingPathComponent("c.yaml"), atomically: true, encoding: .utf8)
            try batch.write(rows: 1...10)
            let options = ["--budget", "0.1", "--concurrency", "1", "--config", "c.yaml"]
            let first = try batch.start(options)
            try await waitUntil { models.record.requests.contains { $0.method == "POST" } }
            // Longer than two leases.
            try await Task.sleep(for: .milliseconds(1400))
            #expect(try batch.run(options) == 75)
            #expect(batch.text("stderr").contains("another process works on this batch"))
            first.waitUntilExit()
            #expect(first.terminationStatus == 0)
            #expect(models.record.billedCalls.values.reduce(0, +) == 10)
            try await batch.ledger { ledger async throws in
                let id = try #require(try await ledger.read { try $0.batches(limit: 1) }.first?.id)
                #expect(try await ledger.read { try $0.entries(ofRun: id) }.count == 10)
                #expect(try await ledger.read { try $0.verify() }.isSound)
            }
        }
    }

    @Test(
        "on PostgreSQL a killed batch goes on like any other",
        .enabled(if: TemporaryPostgreSQL.isAvailable, "no PostgreSQL server is here"))
    func postgreSQL() async throws {
        try await TemporaryPostgreSQL.with { server in
            let options = [
                "--budget", "0.1", "--concurrency", "3", "--config", "c.yaml", "--database", server.url,
            ]
            try await with(delay: 80) { batch, models async throws in
                try "limits: {lease_s: 1}".write(
                    to: batch.folder.appendingPathComponent("c.yaml"), atomically: true, encoding: .utf8)
                try batch.write(rows: 1...30)
                let process = try batch.start(options)
                try await waitUntil { models.record.billedCalls.values.reduce(0, +) >= 8 }
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
                // Right after its start the server's locks prove nothing, so a lease has to expire.
                try await Task.sleep(for: .milliseconds(1200))
                #expect(try batch.run(options) == 0, "\(batch.text("stderr"))")
                #expect(try batch.lines("out.jsonl").map { $0["custom_id"]?.string } == (1...30).map { "row-\($0)" })
                #expect(models.record.billedCalls.values.reduce(0, +) <= 33)
                let ledger = try LedgerStore.open(server.url)
                let status = try #require(try await ledger.read { try $0.budgets(of: nil, at: .now()) }.first)
                #expect(status.reserved == 0 && status.spent <= 100_000_000)
                #expect(try await ledger.read { try $0.verify() }.isSound)
                await ledger.close()
            }
        }
    }
}
