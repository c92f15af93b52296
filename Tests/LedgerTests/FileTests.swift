import Domain
import Foundation
import Testing

@testable import Ledger

@Suite("Files and the batches that use them") struct FileTests {
    private static func file(
        _ id: String, key: String? = "k", second: Double = 0, expiresAfter: Double? = nil, isComplete: Bool = true
    ) -> FileRecord {
        FileRecord(
            id: id, purpose: "batch", name: "\(id).jsonl", byteCount: 0, key: key,
            createdAt: Sample.noon.advanced(bySeconds: second),
            expiresAt: expiresAfter.map { Sample.noon.advanced(bySeconds: $0) }, isComplete: isComplete)
    }

    private static func batch(_ id: String, key: String? = "k", input: String? = "f") -> BatchRecord {
        BatchRecord(
            id: id, status: .inProgress, endpoint: "/v1/chat/completions", inputFileID: input,
            attribution: Attribution(key: key, batch: id), createdAt: Sample.noon, updatedAt: Sample.noon)
    }

    static let databases = ["sqlite"] + (TemporaryPostgreSQL.isAvailable ? ["postgres"] : [])

    private func with(_ database: String, _ body: (LedgerStore) async throws -> Void) async throws {
        guard database == "postgres" else {
            return try await TemporaryLedger.with { ledger, _ in try await body(ledger) }
        }
        try await TemporaryPostgreSQL.with { server in
            let ledger = try LedgerStore.open(server.url)
            try await body(ledger)
            await ledger.close()
        }
    }

    @Test(
        "files are paged by key and purpose; unfinished and expired ones are not listed, and go", arguments: databases)
    func pages(database: String) async throws {
        try await with(database) { ledger async throws in
            for number in 1...5 {
                try await ledger.write { try $0.createFile(Self.file("f\(number)", second: Double(number / 2))) }
            }
            try await ledger.write { try $0.createFile(Self.file("other", key: "l")) }
            try await ledger.write { try $0.createFile(Self.file("old", expiresAfter: 10)) }
            try await ledger.write { try $0.createFile(Self.file("begun", isComplete: false)) }
            try await ledger.write { try $0.appendChunk([1, 2], toFile: "begun") }
            let later = Sample.noon.advanced(bySeconds: 100)
            func ids(_ page: PageQuery) async throws -> [String] {
                try await ledger.read { try $0.files(page, at: later) }.map(\.id)
            }
            // Those made in the same second stand in the order of their ids.
            #expect(try await ids(PageQuery(key: "k", limit: 9)) == ["f5", "f4", "f3", "f2", "f1"])
            #expect(try await ids(PageQuery(key: "k", after: "f4", limit: 2)) == ["f3", "f2"])
            #expect(try await ids(PageQuery(key: "k", after: "f4", limit: 9, isAscending: true)) == ["f5"])
            #expect(try await ids(PageQuery(key: "k", after: "nobody", limit: 9)).isEmpty)
            #expect(try await ids(PageQuery(limit: 9)).count == 6)
            #expect(try await ids(PageQuery(key: "k", purpose: "batch_output", limit: 9)).isEmpty)
            #expect(try await ledger.read { try $0.fileTotals(ofKey: "k") } == FileTotals(files: 7, bytes: 2))
            #expect(try await ledger.read { try $0.fileTotals(ofKey: nil) } == FileTotals(files: 0, bytes: 0))

            #expect(try await ledger.write { try $0.deleteFiles(expiredAt: later, begunBefore: Sample.noon) } == 1)
            #expect(try await ledger.read { try $0.file("old") } == nil)
            #expect(try await ledger.write { try $0.deleteFiles(expiredAt: later, begunBefore: later) } == 1)
            #expect(try await ledger.read { try $0.chunk(1, ofFile: "begun") } == nil)
            #expect(try await ledger.read { try $0.fileTotals(ofKey: "k") } == FileTotals(files: 5, bytes: 0))
        }
    }

    @Test(
        "a cancelled batch can only end, and its files are complete afterwards",
        arguments: databases)
    func cancels(database: String) async throws {
        try await with(database) { ledger async throws in
            var batch = Self.batch("b")
            try await ledger.write { [batch] in try $0.saveBatch(batch) }
            let asked = try #require(try await ledger.write { try $0.cancelBatch("b", at: Sample.noon) })
            #expect(asked.status == .cancelling && asked.cancellingAt == Sample.noon)
            // Its holder saves what it knew.
            batch.status = .finalizing
            try await ledger.write { [batch] in try $0.saveBatch(batch) }
            #expect(try await ledger.read { try $0.batch("b") }?.status == .cancelling)
            try await ledger.write { try $0.createFile(Self.file("out", isComplete: false)) }
            #expect(try await ledger.read { try $0.files(PageQuery(limit: 9), at: Sample.noon) }.isEmpty)
            batch.status = .cancelled
            batch.outputFileID = "out"
            try await ledger.write { [batch] in try $0.saveBatch(batch) }
            #expect(try await ledger.read { try $0.files(PageQuery(limit: 9), at: Sample.noon) }.map(\.id) == ["out"])
            #expect(try await ledger.write { try $0.cancelBatch("b", at: Sample.noon) }?.status == .cancelled)
            #expect(try await ledger.write { try $0.cancelBatch("nobody", at: Sample.noon) } == nil)
        }
    }

    @Test(
        "a batch without a file is neither claimed nor listed, and the spending of a batch is summed",
        arguments: databases)
    func own(database: String) async throws {
        try await with(database) { ledger async throws in
            try await ledger.write { try $0.saveBatch(Self.batch("a", input: nil)) }
            try await ledger.write { try $0.saveBatch(Self.batch("b")) }
            try await ledger.write { try $0.saveBatch(Self.batch("c", key: "l")) }
            #expect(try await ledger.claimBatches(limit: 9).map(\.id) == ["b", "c"])
            #expect(try await ledger.read { try $0.batches(PageQuery(limit: 9)) }.map(\.id) == ["c", "b"])
            #expect(try await ledger.read { try $0.batches(PageQuery(key: "k", limit: 9)) }.map(\.id) == ["b"])
            #expect(try await ledger.read { try $0.spent(onBatch: "b") } == .zero)
            for (id, batch, cost) in [("1", "b", 700), ("2", "b", 5), ("3", "c", 90)] as [(String, String, Int64)] {
                var entry = Sample.entry(id, nanoUSD: cost)
                entry.call.attribution = Attribution(batch: batch)
                try await ledger.append(entry)
            }
            #expect(try await ledger.read { try $0.spent(onBatch: "b") } == Money(nanoUSD: 705))
        }
    }

    @Test("only the store that claimed a row makes it pending again", arguments: ["sqlite"])
    func givesBack(database: String) async throws {
        let place = try TemporaryLedger()
        defer { place.remove() }
        let first = try place.open()
        let second = try place.open()
        try await first.write { try $0.addRows([BatchRow(batchID: "b", line: 1, customID: "a", request: [])]) }
        #expect(try await second.write { try $0.claimRows(ofBatch: "b", limit: 1) }.count == 1)
        let result = BatchRowResult(batchID: "b", line: 1, status: .pending)
        _ = try await first.commitStep(StepCommit(rows: [result]))
        #expect(try await first.read { try $0.rowCounts(ofBatch: "b") } == [.claimed: 1])
        _ = try await second.commitStep(StepCommit(rows: [result]))
        #expect(try await first.read { try $0.rowCounts(ofBatch: "b") } == [.pending: 1])
        await first.close()
        await second.close()
    }
}
