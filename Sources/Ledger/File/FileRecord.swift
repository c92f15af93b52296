package import Domain

/// A file that was uploaded or made: what it is, without its bytes, which are kept in chunks.
package struct FileRecord: Hashable, Sendable {
    package var id: String
    /// `batch`, `batch_output`, ...
    package var purpose: String
    package var name: String
    /// The length of all chunks together.
    package var byteCount: Int64
    package var key: String?
    package var createdAt: Timestamp
    /// When it is deleted by itself; nil for never.
    package var expiresAt: Timestamp?
    /// Whether all its chunks are there. One that is still written, or whose writer went away, is nobody's to read.
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

    /// Whether there is something to read at a moment.
    package func isThere(at moment: Timestamp) -> Bool {
        isComplete && expiresAt.map { moment < $0 } ?? true
    }
}
