package import Domain

/// An uploaded or generated file without its bytes, which are in chunks.
package struct FileRecord: Hashable, Sendable {
    package var id: String
    /// `batch`, `batch_output`, ...
    package var purpose: String
    package var name: String
    /// The length of all chunks together.
    package var byteCount: Int64
    package var key: String?
    package var createdAt: Timestamp
    /// The time of its deletion; nil for never.
    package var expiresAt: Timestamp?
    /// Whether all chunks are there. An incomplete file cannot be read.
    package var isComplete: Bool

    package init(
        id: String, purpose: String, name: String, byteCount: Int64, key: String? = nil, createdAt: Timestamp,
        expiresAt: Timestamp? = nil, isComplete: Bool = true
    ) {
        self.id = id
        self.purpose = purpose
        self.name = name
        self.byteCount = byteCount
        self.key = key
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.isComplete = isComplete
    }

    /// Whether the file can be read at a moment.
    package func isThere(at moment: Timestamp) -> Bool {
        isComplete && expiresAt.map { moment < $0 } ?? true
    }
}

/// A page of a list of files or batches.
package struct PageQuery: Hashable, Sendable {
    /// Only this key's; nil for all keys.
    package var key: String?
    /// Only files of this purpose.
    package var purpose: String?
    /// The last id of the previous page; an unknown one gives an empty page.
    package var after: String?
    package var limit: Int
    /// Oldest first instead of newest first.
    package var isAscending: Bool

    package init(
        key: String? = nil, purpose: String? = nil, after: String? = nil, limit: Int, isAscending: Bool = false
    ) {
        self.key = key
        self.purpose = purpose
        self.after = after
        self.limit = limit
        self.isAscending = isAscending
    }
}

extension PageQuery {
    /// The end of a query over a table with the columns `id` and `created_at`, and its arguments.
    func clause(_ table: String, with conditions: [(sql: String, value: SQLValue)]) -> (sql: String, [SQLValue]) {
        var sql = "1 = 1"
        var arguments: [SQLValue] = []
        for condition in conditions {
            sql += " AND \(condition.sql)"
            arguments.append(condition.value)
        }
        if let after {
            let sign = isAscending ? ">" : "<"
            let last = "(SELECT created_at FROM \(table) WHERE id = ?)"
            sql += " AND (created_at \(sign) \(last) OR (created_at = \(last) AND id \(sign) ?))"
            arguments += [.text(after), .text(after), .text(after)]
        }
        let order = isAscending ? "ASC" : "DESC"
        sql += " ORDER BY created_at \(order), id \(order) LIMIT ?"
        arguments.append(.integer(max(limit, 0)))
        return (sql, arguments)
    }
}

/// The number and size of a key's files.
package struct FileTotals: Hashable, Sendable {
    package var files: Int64
    package var bytes: Int64

    package init(files: Int64, bytes: Int64) {
        self.files = files
        self.bytes = bytes
    }
}
