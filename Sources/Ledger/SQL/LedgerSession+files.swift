import Core

extension LedgerSession {
    func createFile(_ file: FileRecord) throws(LedgerError) {
        try Self.check(id: file.id, "file")
        let inserted = try connection.execute(
            "INSERT INTO file (id, purpose, name, byte_count, api_key, created_at) VALUES (\(Self.placeholders(6))) "
                + "ON CONFLICT (id) DO NOTHING",
            [
                .text(file.id), .text(file.purpose), .text(file.name), .integer(0), .optional(file.key),
                .integer(file.createdAt.milliseconds),
            ])
        guard inserted == 1 else { throw .duplicate(kind: "file", id: file.id) }
    }

    func appendChunk(_ bytes: [UInt8], toFile id: String) throws(LedgerError) {
        let known = try connection.execute(
            "UPDATE file SET byte_count = byte_count + ? WHERE id = ?", [.integer(bytes.count), .text(id)])
        guard known == 1 else { throw .notFound(kind: "file", id: id) }
        try connection.execute(
            "INSERT INTO file_chunk (file, number, data) "
                + "SELECT ?, COALESCE(MAX(number), 0) + 1, ? FROM file_chunk WHERE file = ?",
            [.text(id), .blob(bytes), .text(id)])
    }

    func file(_ id: String) throws(LedgerError) -> FileRecord? {
        try files(where: "id = ?", [.text(id)]).first
    }

    func files(where condition: String, _ arguments: [SQLValue]) throws(LedgerError) -> [FileRecord] {
        try connection.rows(
            "SELECT id, purpose, name, byte_count, api_key, created_at FROM file WHERE \(condition)", arguments
        ).map { row in
            FileRecord(
                id: row.text(0), purpose: row.text(1), name: row.text(2), byteCount: row.integer(3),
                key: row.optionalText(4), createdAt: Timestamp(milliseconds: row.integer(5)))
        }
    }

    func chunk(_ number: Int, ofFile id: String) throws(LedgerError) -> [UInt8]? {
        try connection.row(
            "SELECT data FROM file_chunk WHERE file = ? AND number = ?", [.text(id), .integer(number)])?.blob(0)
    }

    func deleteFile(_ id: String) throws(LedgerError) {
        let known = try connection.execute("DELETE FROM file WHERE id = ?", [.text(id)])
        guard known == 1 else { throw .notFound(kind: "file", id: id) }
        try connection.execute("DELETE FROM file_chunk WHERE file = ?", [.text(id)])
    }
}
