package import Domain

extension LedgerMigration {
    /// The bytes are in chunks numbered from 1.
    static let fileTables: [String] = [
        "CREATE TABLE file (id TEXT PRIMARY KEY, purpose TEXT NOT NULL, name TEXT NOT NULL, "
            + "byte_count {integer} NOT NULL, api_key TEXT, created_at {integer} NOT NULL){strict}",
        "CREATE TABLE file_chunk (file TEXT NOT NULL, number {integer} NOT NULL, data {bytes} NOT NULL, "
            + "PRIMARY KEY (file, number)){strict}",
    ]

    /// Existing files are complete and never expire.
    static let fileExpiry: [String] = [
        "ALTER TABLE file ADD COLUMN expires_at {integer}",
        "ALTER TABLE file ADD COLUMN complete {integer} NOT NULL DEFAULT 1",
        "CREATE INDEX file_created_at ON file (created_at, id)",
        "CREATE INDEX file_api_key ON file (api_key, created_at, id)",
    ]
}

extension LedgerTransaction {
    private static let fileColumns = "id, purpose, name, byte_count, api_key, created_at, expires_at, complete"

    /// Creates an empty file; `byteCount` is counted from the chunks.
    package func createFile(_ file: FileRecord) throws(LedgerError) {
        try Self.check(id: file.id, "file")
        let inserted = try connection.execute(
            "INSERT INTO file (\(Self.fileColumns)) VALUES (\(Self.placeholders(8))) ON CONFLICT (id) DO NOTHING",
            [
                .text(file.id), .text(file.purpose), .text(file.name), .integer(0), .optional(file.key),
                .integer(file.createdAt.milliseconds), .integer(file.expiresAt.map { Int($0.milliseconds) }),
                .integer(file.isComplete ? 1 : 0),
            ])
        guard inserted == 1 else { throw .duplicate(kind: "file", id: file.id) }
    }

    /// Appends bytes to a file as its next chunk.
    package func appendChunk(_ bytes: [UInt8], toFile id: String) throws(LedgerError) {
        let known = try connection.execute(
            "UPDATE file SET byte_count = byte_count + ? WHERE id = ?", [.integer(bytes.count), .text(id)])
        guard known == 1 else { throw .notFound(kind: "file", id: id) }
        try connection.execute(
            "INSERT INTO file_chunk (file, number, data) "
                + "SELECT ?, COALESCE(MAX(number), 0) + 1, ? FROM file_chunk WHERE file = ?",
            [.text(id), .blob(bytes), .text(id)])
    }

    /// Marks a file as complete: it can be read from now on, until it expires.
    package func completeFile(_ id: String, expiresAt: Timestamp?) throws(LedgerError) {
        let known = try connection.execute(
            "UPDATE file SET complete = 1, expires_at = ? WHERE id = ?",
            [.integer(expiresAt.map { Int($0.milliseconds) }), .text(id)])
        guard known == 1 else { throw .notFound(kind: "file", id: id) }
    }

    /// The file of an id, complete or not; nil where there is none.
    package func file(_ id: String) throws(LedgerError) -> FileRecord? {
        try files(where: "id = ?", [.text(id)]).first
    }

    func files(where condition: String, _ arguments: [SQLValue]) throws(LedgerError) -> [FileRecord] {
        try connection.rows("SELECT \(Self.fileColumns) FROM file WHERE \(condition)", arguments).map { row in
            FileRecord(
                id: row.text(0), purpose: row.text(1), name: row.text(2), byteCount: row.integer(3),
                key: row.optionalText(4), createdAt: Timestamp(milliseconds: row.integer(5)),
                expiresAt: row.optionalInteger(6).map { Timestamp(milliseconds: $0) }, isComplete: row.integer(7) == 1)
        }
    }

    /// Files that can be read at a moment.
    package func files(_ page: PageQuery, at moment: Timestamp) throws(LedgerError) -> [FileRecord] {
        var conditions: [(sql: String, value: SQLValue)] = [
            ("complete = 1 AND (expires_at IS NULL OR expires_at > ?)", .integer(moment.milliseconds))
        ]
        if let key = page.key { conditions.append(("api_key = ?", .text(key))) }
        if let purpose = page.purpose { conditions.append(("purpose = ?", .text(purpose))) }
        let clause = page.clause("file", with: conditions)
        return try files(where: clause.sql, clause.1)
    }

    /// Sums a key's files of every purpose, files under way included; nil for files of no key.
    package func fileTotals(ofKey key: String?) throws(LedgerError) -> FileTotals {
        let row = try connection.row(
            "SELECT COUNT(*), CAST(COALESCE(SUM(byte_count), 0) AS BIGINT) FROM file WHERE "
                + (key == nil ? "api_key IS NULL" : "api_key = ?"), key.map { [.text($0)] } ?? [])
        return FileTotals(files: row?.integer(0) ?? 0, bytes: row?.integer(1) ?? 0)
    }

    /// A chunk by its number from 1; nil behind the last.
    package func chunk(_ number: Int, ofFile id: String) throws(LedgerError) -> [UInt8]? {
        try connection.row(
            "SELECT data FROM file_chunk WHERE file = ? AND number = ?", [.text(id), .integer(number)])?.blob(0)
    }

    /// Deletes a file with its chunks; throws `notFound` where there is none.
    package func deleteFile(_ id: String) throws(LedgerError) {
        let known = try connection.execute("DELETE FROM file WHERE id = ?", [.text(id)])
        guard known == 1 else { throw .notFound(kind: "file", id: id) }
        try connection.execute("DELETE FROM file_chunk WHERE file = ?", [.text(id)])
    }

    /// Deletes some expired files, and some that were begun before a moment and never completed. Returns how many.
    package func deleteFiles(expiredAt moment: Timestamp, begunBefore: Timestamp) throws(LedgerError) -> Int {
        let old = try files(
            where:
                "(complete = 1 AND expires_at <= ?) OR (complete = 0 AND created_at < ?) ORDER BY created_at LIMIT 20",
            [.integer(moment.milliseconds), .integer(begunBefore.milliseconds)])
        for file in old { try deleteFile(file.id) }
        return old.count
    }
}
