import Domain
import Testing

@testable import Ledger

@Suite struct BatchTests {
    private let batch = BatchRecord(
        id: "b", status: .validating, endpoint: "/v1/chat/completions", inputFileID: "f",
        metadata: Array("{\"budget_usd\":\"2\"}".utf8), attribution: Attribution(key: "k", batch: "b"),
        createdAt: Sample.noon, updatedAt: Sample.noon, expiresAt: Sample.noon.advanced(bySeconds: 86_400))

    private func row(_ line: Int64, _ customID: String, _ request: String = "{}") -> BatchRow {
        BatchRow(batchID: "b", line: line, customID: customID, request: Array(request.utf8))
    }

    @Test("a file is read back chunk by chunk, and is deleted with all its chunks")
    func files() async throws {
        try await TemporaryLedger.with { ledger, _ in
            let file = FileRecord(
                id: "f", purpose: "batch", name: "in.jsonl", byteCount: 0, key: "k", createdAt: Sample.noon)
            try await ledger.write { try $0.createFile(file) }
            try await ledger.write { try $0.appendChunk([1, 2, 3], toFile: "f") }
            try await ledger.write { try $0.appendChunk([4], toFile: "f") }
            var expected = file
            expected.byteCount = 4
            #expect(try await ledger.read { try $0.file("f") } == expected)
            #expect(try await ledger.read { try $0.files(PageQuery(limit: 5), at: Sample.noon) } == [expected])
            #expect(try await ledger.read { try $0.chunk(1, ofFile: "f") } == [1, 2, 3])
            #expect(try await ledger.read { try $0.chunk(2, ofFile: "f") } == [4])
            #expect(try await ledger.read { try $0.chunk(3, ofFile: "f") } == nil)
            try await ledger.write { try $0.deleteFile("f") }
            #expect(try await ledger.read { try $0.file("f") } == nil)
            #expect(try await ledger.read { try $0.chunk(1, ofFile: "f") } == nil)
            await #expect(throws: LedgerError.notFound(kind: "file", id: "f")) {
                try await ledger.write { try $0.appendChunk([5], toFile: "f") }
            }
        }
    }

    @Test("a batch is read back as saved, and saving it again replaces its state")
    func saves() async throws {
        try await TemporaryLedger.with { ledger, _ in
            try await ledger.write { try $0.saveBatch(batch) }
            #expect(try await ledger.read { try $0.batch("b") } == batch)
            var later = batch
            later.status = .completed
            later.outputFileID = "out"
            later.state = [1, 2]
            later.updatedAt = Sample.noon.advanced(bySeconds: 9)
            try await ledger.write { [later] in try $0.saveBatch(later) }
            #expect(try await ledger.read { try $0.batches(limit: 5) } == [later])
        }
    }

    @Test("adding a row twice adds it once; a custom id or line with other content is refused")
    func duplicateRows() async throws {
        try await TemporaryLedger.with { ledger, _ in
            try await ledger.write { try $0.addRows([row(1, "a"), row(2, "b")]) }
            try await ledger.write { try $0.addRows([row(1, "a"), row(3, "c")]) }
            #expect(
                try await ledger.read { try $0.rows(ofBatch: "b", after: 1, limit: 10) }.map(\.customID) == ["b", "c"])
            await #expect(throws: LedgerError.duplicate(kind: "batch row", id: "a")) {
                try await ledger.write { try $0.addRows([row(4, "d"), row(5, "a")]) }
            }
            await #expect(throws: LedgerError.duplicate(kind: "batch row", id: "a")) {
                try await ledger.write { try $0.addRows([row(1, "a", "{\"other\":1}")]) }
            }
            #expect(try await ledger.read { try $0.rowCounts(ofBatch: "b") } == [.pending: 3])
        }
    }

    @Test("every row is claimed by one store, and rows of a dead store are pending again")
    func claims() async throws {
        let place = try TemporaryLedger()
        defer { place.remove() }
        let stores = [try place.open(), try place.open()]
        try await stores[0].write { try $0.addRows((1...100).map { row($0, "row-\($0)") }) }
        let claimed = try await withThrowingTaskGroup(of: [Int64].self) { group in
            for task in 0..<12 {
                group.addTask {
                    try await stores[task % 2].write { try $0.claimRows(ofBatch: "b", limit: 8) }.map(\.line)
                }
            }
            var claimed: [Int64] = []
            for try await lines in group { claimed += lines }
            return claimed
        }
        #expect(claimed.count == 96)
        #expect(Set(claimed) == Set(1...96))
        await stores[0].close()
        _ = try await stores[1].recover(at: Sample.noon)
        #expect(try await stores[1].read { try $0.rowCounts(ofBatch: "b") } == [.pending: 52, .claimed: 48])
        await stores[1].close()
    }

    @Test("a row is finished together with its entry, and only once")
    func finish() async throws {
        try await TemporaryLedger.with { ledger, _ in
            try await ledger.write { try $0.addRows([row(1, "a"), row(2, "b")]) }
            _ = try await ledger.write { try $0.claimRows(ofBatch: "b", limit: 1) }
            _ = try await ledger.reserve(Sample.request("r", nanoUSD: 10))
            let result = BatchRowResult(
                batchID: "b", line: 1, status: .completed, response: Array("ok".utf8), entryID: "r")
            let commit = StepCommit(settlements: [("r", Sample.entry("r", nanoUSD: 7))], rows: [result])
            _ = try await ledger.commitStep(commit)
            _ = try await ledger.commitStep(commit)
            #expect(try await ledger.read { try $0.rowCounts(ofBatch: "b") } == [.completed: 1, .pending: 1])
            var other = result
            other.entryID = "another"
            await #expect(throws: LedgerError.duplicate(kind: "result of batch row", id: "b line 1")) {
                try await ledger.commitStep(StepCommit(rows: [other]))
            }
            await #expect(throws: LedgerError.notFound(kind: "batch row", id: "b line 9")) {
                try await ledger.commitStep(
                    StepCommit(rows: [BatchRowResult(batchID: "b", line: 9, status: .failed)]))
            }
        }
    }
}
