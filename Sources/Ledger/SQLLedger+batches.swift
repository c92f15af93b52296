extension SQLLedger {
    package func createFile(_ file: FileRecord) async throws(LedgerError) {
        try await write { (session) throws(LedgerError) in try session.createFile(file) }
    }

    package func appendChunk(_ bytes: [UInt8], toFile id: String) async throws(LedgerError) {
        try await write { (session) throws(LedgerError) in try session.appendChunk(bytes, toFile: id) }
    }

    package func file(_ id: String) async throws(LedgerError) -> FileRecord? {
        try await read { (session) throws(LedgerError) in try session.file(id) }
    }

    package func files(limit: Int) async throws(LedgerError) -> [FileRecord] {
        try await read { (session) throws(LedgerError) in
            try session.files(where: "1 = 1 ORDER BY created_at DESC, id LIMIT ?", [.integer(max(limit, 0))])
        }
    }

    package func chunk(_ number: Int, ofFile id: String) async throws(LedgerError) -> [UInt8]? {
        try await read { (session) throws(LedgerError) in try session.chunk(number, ofFile: id) }
    }

    package func deleteFile(_ id: String) async throws(LedgerError) {
        try await write { (session) throws(LedgerError) in try session.deleteFile(id) }
    }

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

    package func rowCounts(ofBatch id: String) async throws(LedgerError) -> [BatchRowStatus: Int64] {
        try await read { (session) throws(LedgerError) in try session.rowCounts(ofBatch: id) }
    }

    package func reopenRows(ofBatch id: String) async throws(LedgerError) {
        try await write { (session) throws(LedgerError) in try session.reopenRows(ofBatch: id) }
    }
}
