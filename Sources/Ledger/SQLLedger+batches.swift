package import Domain

extension SQLLedger {
    package func saveBatch(_ batch: BatchRecord) async throws(LedgerError) {
        try await write { (session) throws(LedgerError) in try session.saveBatch(batch) }
    }

    package func batch(_ id: String) async throws(LedgerError) -> BatchRecord? {
        try await read { (session) throws(LedgerError) in try session.batches(where: "id = ?", [.text(id)]).first }
    }

    package func batches(limit: Int) async throws(LedgerError) -> [BatchRecord] {
        try await read { (session) throws(LedgerError) in
            try session.batches(where: "1 = 1 ORDER BY created_at DESC, id LIMIT ?", [.integer(max(limit, 0))])
        }
    }

    package func batches(_ page: PageQuery) async throws(LedgerError) -> [BatchRecord] {
        try await read { (session) throws(LedgerError) in try session.batches(page) }
    }

    package func cancelBatch(_ id: String, at moment: Timestamp) async throws(LedgerError) -> BatchRecord? {
        try await write { (session) throws(LedgerError) in try session.cancelBatch(id, at: moment) }
    }

    package func spent(onBatch id: String) async throws(LedgerError) -> Money {
        try await read { (session) throws(LedgerError) in try session.spent(onBatch: id) }
    }

    package func addRows(_ rows: [BatchRow]) async throws(LedgerError) {
        try await write { (session) throws(LedgerError) in try session.addRows(rows) }
    }

    package func claimRows(ofBatch id: String, limit: Int) async throws(LedgerError) -> [BatchRow] {
        try await write { (session) throws(LedgerError) in try session.claimRows(ofBatch: id, limit: limit) }
    }

    package func rows(ofBatch id: String, after line: Int64, limit: Int) async throws(LedgerError) -> [BatchRow] {
        try await read { (session) throws(LedgerError) in
            try session.rows(
                where: "batch = ? AND line > ? ORDER BY line LIMIT ?",
                [.text(id), .integer(line), .integer(max(limit, 0))])
        }
    }

    package func rows(ofBatch id: String, lines: [Int64]) async throws(LedgerError) -> [BatchRow] {
        try await read { (session) throws(LedgerError) in try session.rows(ofBatch: id, lines: lines) }
    }

    package func rowCounts(ofBatch id: String) async throws(LedgerError) -> [BatchRowStatus: Int64] {
        try await read { (session) throws(LedgerError) in try session.rowCounts(ofBatch: id) }
    }

    package func reopenRows(ofBatch id: String) async throws(LedgerError) {
        try await write { (session) throws(LedgerError) in try session.reopenRows(ofBatch: id) }
    }
}
