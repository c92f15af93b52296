import Domain
import Foundation
import JSON
import Ledger
import ScriptedUpstream
import Testing

/// `hera serve` with provider batches, killed. Short by default; HERA_CHAOS=1 kills 60 times over batches of 120 rows.
@Suite("Killed services with provider batches", .serialized)
struct ServedProviderBatchKillTests {
    private static let isLong = ProcessInfo.processInfo.environment["HERA_CHAOS"] == "1"
    private static let rows = isLong ? 120 : 24
    private static let kills = isLong ? 60 : 4
    private static let settings = """
        default_policy: {service_tiers: [standard, batch]}
        limits: {lease_s: 15, provider_poll_s: 0.05, provider_rows: \(rows / 4)}
        """

    /// Runs a body with a scripted provider and a folder with its catalog. Bills differ between rows.
    private func with(_ body: (ScriptedBatches, BatchProcess) async throws -> Void) async throws {
        let batches = ScriptedBatches(.openAI)
        batches.change {
            $0.pollsUntilEnd = 6
            $0.answer = { row in
                let number = row.prompt.utf8.reduce(0) { $0 + Int($1) }
                return (row.prompt, ScriptedUsage(promptTokens: 9 + number % 7, completionTokens: 1 + number % 5))
            }
        }
        try await ScriptedUpstream.with { request in
            guard let reply = batches.reply(to: request) else {
                return request.method == "GET" ? .models(["test/small", "test/large"]) : .nothing(.reset)
            }
            // The provider creates the batch before it responds, so a process killed in between does not know of it.
            let isSubmission = request.method == "POST" && request.path.hasSuffix("/batches")
            return reply.delayed(by: .milliseconds(isSubmission ? 150 : 5))
        } _: { models async throws in
            let folder = try BatchProcess(modelsAt: models.baseURL, batchTier: Self.rows / 4)
            defer { folder.remove() }
            try await body(batches, folder)
        }
    }

    /// Checks that every row is sent, answered and billed once, and that the ledger equals the provider's bill, with
    /// nothing uncertain.
    private func check(
        _ ids: [String], _ batches: ScriptedBatches, _ folder: BatchProcess
    ) async throws {
        let record = batches.record
        #expect(record.batches.flatMap(\.rows).count == ids.count * Self.rows, "no row was sent twice")
        #expect(record.billedRows.count == ids.count * Self.rows && record.billedRows.values.allSatisfy { $0 == 1 })
        try await folder.ledger { ledger async throws in
            #expect(try await ledger.read { try $0.verify() }.isSound)
            #expect(try await ledger.read { try $0.openReservations() }.isEmpty)
            var entries: [LedgerEntry] = []
            for id in ids {
                entries += try await ledger.read { try $0.entries(ofRun: id) }
                #expect(try await ledger.read { try $0.rowCounts(ofBatch: id) } == [.completed: Int64(Self.rows)])
                let status = try #require(try await ledger.read { try $0.budgets(of: [.batch(id)], at: .now()) }.first)
                #expect(status.reserved == 0 && status.spent <= status.budget.limit.amount)
            }
            #expect(entries.allSatisfy { $0.kind == .call && $0.call.tier == .batch })
            #expect(Set(entries.map(\.id)) == Set(record.billedRows.keys))
            let bill = try #require(record.bill["test/small"])
            let nano = entries.reduce(0) { $0 + $1.result.figures.cost.total.nanoUSD }
            #expect(nano == Int64(400 * bill.promptTokens + 800 * bill.completionTokens))
        }
    }

    @Test("kill -9 at any moment: no row is lost, sent or billed twice, and nothing is uncertain")
    func killed() async throws {
        try await with { batches, folder async throws in
            var generator = SystemRandomNumberGenerator()
            var ids: [String] = []
            var kills = 0
            func start() async throws -> HeraProcess {
                try await HeraProcess.start(in: folder.folder, settings: Self.settings)
            }
            func begin(at hera: HeraProcess) async throws {
                let more = #","metadata":{"budget_usd":"0.5","hera.confidence":"0.5"}"#
                ids.append(
                    try await BatchClient(port: hera.port).batch(
                        BatchClient.rows(1...Self.rows, model: "test/small"), more: more))
            }
            while kills < Self.kills {
                if Bool.random(using: &generator) { batches.change { $0.lostAnswers += 1 } }
                let calls = batches.record.createCalls
                let hera = try await start()
                defer { hera.kill() }
                let client = BatchClient(port: hera.port)
                let isOver = try await ids.last.asyncMap { try await client.look($0)["status"]?.string == "completed" }
                if isOver ?? true { try await begin(at: hera) }
                // Half of the kills during a submit response, the others at any moment.
                if kills % 2 == 0 {
                    for _ in 0..<150 where batches.record.createCalls == calls {
                        try await Task.sleep(for: .milliseconds(10))
                    }
                    try await Task.sleep(for: .milliseconds(Int.random(in: 0...200, using: &generator)))
                } else {
                    try await Task.sleep(for: .milliseconds(Int.random(in: 0...1500, using: &generator)))
                }
                hera.kill()
                kills += 1
            }
            let hera = try await start()
            defer { hera.kill() }
            for id in ids {
                let client = BatchClient(port: hera.port)
                let batch = try await client.wait(id)
                #expect(batch["status"]?.string == "completed", "\(batch)")
                let lines = try await client.lines(batch, "output_file_id")
                #expect(lines.map { $0["custom_id"]?.string } == (1...Self.rows).map { "row-\($0)" })
            }
            try hera.end()
            try await check(ids, batches, folder)
            print(
                "hera serve, \(kills) kills over \(ids.count) batches of \(Self.rows) rows at a provider: "
                    + "\(batches.record.batches.count) batches there from \(batches.record.createCalls) orders")
        }
    }
}

extension Optional {
    fileprivate func asyncMap<Value>(_ body: (Wrapped) async throws -> Value) async throws -> Value? {
        guard let self else { return nil }
        return try await body(self)
    }
}
