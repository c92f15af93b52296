import Calls
import Domain
import Foundation
import JSON
import Ledger
import ScriptedUpstream
import Synchronization
import TestSupport
import Testing

/// `hera serve` with a batch, killed and suspended. Short by default; HERA_CHAOS=1 kills 60 times over 300 rows.
@Suite("Batches of killed services", .serialized)
struct ServedBatchKillTests {
    private static let isLong = ProcessInfo.processInfo.environment["HERA_CHAOS"] == "1"
    private static let rows = isLong ? 300 : 40
    private static let kills = isLong ? 60 : 3
    /// PostgreSQL if available, and SQLite otherwise or if time does not matter.
    private static let databases =
        (TemporaryPostgreSQL.isAvailable ? ["postgres"] : [])
        + (isLong || !TemporaryPostgreSQL.isAvailable ? ["sqlite"] : [])

    /// Calls received by the server, by row.
    private final class Bill: Sendable {
        private let calls = Mutex<[String: Int]>([:])

        func record(_ row: String) { calls.withLock { $0[row, default: 0] += 1 } }

        var rows: [String: Int] { calls.withLock { $0 } }
        var total: Int { rows.values.reduce(0, +) }
    }

    /// Runs a body with a scripted server that bills on request and answers after a delay in milliseconds.
    private static func with(
        delay: ClosedRange<Int>, _ body: @escaping @Sendable (ScriptedUpstream, Bill, URL) async throws -> Void
    ) async throws {
        let bill = Bill()
        try await ScriptedUpstream.with { request in
            if request.method == "GET" { return .models(["test/small"]) }
            let row = BatchProcessTests.row(of: request)
            bill.record(row)
            return .completion(row, model: request.model, usage: BatchTests.usage)
                .delayed(by: .milliseconds(Int.random(in: delay)))
        } _: { models async throws in
            let folder = try HeraProcess.folder(modelsAt: models.baseURL)
            defer { try? FileManager.default.removeItem(at: folder) }
            try await body(models, bill, folder)
        }
    }

    /// Checks that every row is answered and paid once with a known bill, and that lost calls are booked.
    private static func check(
        _ database: String, in folder: URL, batch id: String, rows: Int, billed: Bill, at client: BatchClient
    ) async throws {
        let batch = try await client.wait(id)
        #expect(batch["status"]?.string == "completed", "\(batch)")
        let lines = try await client.lines(batch, "output_file_id")
        #expect(lines.map { $0["custom_id"]?.string } == (1...rows).map { "row-\($0)" })
        #expect(batch["error_file_id"]?.isNull == true)
        let ledger = try LedgerStore.open(
            database == "sqlite" ? "sqlite:\(folder.appendingPathComponent("hera.sqlite").path)" : database)
        try await waitUntil { try await ledger.read({ try $0.openReservations() }).isEmpty }
        let entries = try await ledger.read { try $0.entries(ofRun: id) }
        let uncertain = entries.count { $0.kind == .uncertain }
        let made = entries.count { $0.kind == .call } + uncertain
        #expect(made >= billed.total, "each call that was made is booked")
        let status = try #require(try await ledger.read { try $0.budgets(of: [.batch(id)], at: .now()) }.first)
        #expect(status.reserved == 0 && status.spent <= status.budget.limit.amount)
        #expect(try await ledger.read { try $0.verify() }.isSound)
        await ledger.close()
        print("batch of \(rows) rows: \(billed.total) calls asked, \(uncertain) booked as uncertain")
    }

    @Test(
        "kill -9 at any moment: the batch goes on after the restart, and no row is paid for twice but those under way")
    func killed() async throws {
        try await Self.with(delay: 5...60) { _, bill, folder async throws in
            var id: String?
            var generator = SystemRandomNumberGenerator()
            for _ in 0..<Self.kills {
                let hera = try await HeraProcess.start(in: folder)
                let client = BatchClient(port: hera.port)
                if id == nil {
                    id = try await client.batch(
                        BatchClient.rows(1...Self.rows),
                        more: #","metadata":{"budget_usd":"0.5","hera.confidence":"0.5"},"hera":{"concurrency":4}"#)
                }
                let wanted = bill.total + Int.random(in: 0...max(1, Self.rows / Self.kills), using: &generator)
                for _ in 0..<200 where bill.total < wanted { try await Task.sleep(for: .milliseconds(10)) }
                try await Task.sleep(for: .milliseconds(Int.random(in: 0...30, using: &generator)))
                hera.kill()
            }
            let hera = try await HeraProcess.start(in: folder)
            defer { hera.kill() }
            try await Self.check(
                "sqlite", in: folder, batch: try #require(id), rows: Self.rows, billed: bill,
                at: BatchClient(port: hera.port))
            let again = bill.rows.values.reduce(0) { $0 + $1 - 1 }
            #expect(again <= 4 * Self.kills, "only calls under way at a kill were made again")
        }
    }

    @Test(
        "a batch moves to another service and back as leases expire, and the silent service writes nothing",
        arguments: databases)
    func takeover(database: String) async throws {
        try await Self.with(delay: 120...160) { _, bill, folder async throws in
            if database == "sqlite" { return try await Self.takeOver("sqlite", folder, bill) }
            try await TemporaryPostgreSQL.with { server in try await Self.takeOver(server.url, folder, bill) }
        }
    }

    private static func takeOver(_ database: String, _ folder: URL, _ bill: Bill) async throws {
        let rows = 90
        let location = database == "sqlite" ? "sqlite:hera.sqlite" : database
        let first = try await HeraProcess.start(in: folder, database: location, leaseSeconds: 1.2)
        defer { first.kill() }
        let client = BatchClient(port: first.port)
        let id = try await client.batch(
            BatchClient.rows(1...rows), more: #","metadata":{"budget_usd":"0.5"},"hera":{"concurrency":3}"#)
        try await waitUntil { bill.total >= 6 }
        let second = try await HeraProcess.start(in: folder, database: location, leaseSeconds: 1.2)
        defer { second.kill() }
        let ledger = try LedgerStore.open(
            database == "sqlite" ? "sqlite:\(folder.appendingPathComponent("hera.sqlite").path)" : database)
        func lease() async throws -> Int64 { try await ledger.read { try $0.batch(id) }?.lease ?? 0 }
        #expect(try await lease() == 1, "a batch is one's alone as long as that lives")
        first.pause()
        try await waitUntil { try await lease() != 1 }
        let before = bill.total
        try await waitUntil { bill.total >= before + 6 }
        first.resume()
        try await Task.sleep(for: .seconds(0.7))
        #expect(try await lease() == 2)
        second.kill()
        try await check(database, in: folder, batch: id, rows: rows, billed: bill, at: client)
        #expect(try await lease() == 3)
        #expect(bill.total - rows <= 6, "three calls at a time were under way, at each of two losses")
        await ledger.close()
    }
}
