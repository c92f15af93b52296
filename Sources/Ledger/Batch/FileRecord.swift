package import Core

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

    package init(
        id: String, purpose: String, name: String, byteCount: Int64, key: String? = nil, createdAt: Timestamp
    ) {
        self.id = id
        self.purpose = purpose
        self.name = name
        self.byteCount = byteCount
        self.key = key
        self.createdAt = createdAt
    }
}
