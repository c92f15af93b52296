package import Domain

extension SQLLedger {
    package func createFile(_ file: FileRecord) async throws(LedgerError) {
        try await write { (session) throws(LedgerError) in try session.createFile(file) }
    }

    package func appendChunk(_ bytes: [UInt8], toFile id: String) async throws(LedgerError) {
        try await write { (session) throws(LedgerError) in try session.appendChunk(bytes, toFile: id) }
    }

    package func completeFile(_ id: String, expiresAt: Timestamp?) async throws(LedgerError) {
        try await write { (session) throws(LedgerError) in try session.completeFile(id, expiresAt: expiresAt) }
    }

    package func file(_ id: String) async throws(LedgerError) -> FileRecord? {
        try await read { (session) throws(LedgerError) in try session.file(id) }
    }

    package func files(_ page: PageQuery, at moment: Timestamp) async throws(LedgerError) -> [FileRecord] {
        try await read { (session) throws(LedgerError) in try session.files(page, at: moment) }
    }

    package func fileTotals(ofKey key: String?) async throws(LedgerError) -> FileTotals {
        try await read { (session) throws(LedgerError) in try session.fileTotals(ofKey: key) }
    }

    package func chunk(_ number: Int, ofFile id: String) async throws(LedgerError) -> [UInt8]? {
        try await read { (session) throws(LedgerError) in try session.chunk(number, ofFile: id) }
    }

    package func deleteFile(_ id: String) async throws(LedgerError) {
        try await write { (session) throws(LedgerError) in try session.deleteFile(id) }
    }

    package func deleteFiles(expiredAt moment: Timestamp, begunBefore: Timestamp) async throws(LedgerError) -> Int {
        try await write { (session) throws(LedgerError) in
            try session.deleteFiles(expiredAt: moment, begunBefore: begunBefore)
        }
    }
}
