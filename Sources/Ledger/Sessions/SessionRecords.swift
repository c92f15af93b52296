package import Domain

/// What routing remembers of a run, as nodes pass it on to each other; opaque to the ledger.
package struct SessionRecord: Hashable, Sendable {
    /// Names the run and whose it is; of any length.
    package var id: String
    /// Counts the steps of the run: a greater one is newer.
    package var version: Int
    package var body: [UInt8]
    /// Of the last step; in the database by the hour.
    package var at: Timestamp
    /// The store that wrote it; nil for one of the store's own.
    package var owner: String?

    /// A run that was silent for so long is over.
    package static let idleSeconds = 86_400.0

    package init(id: String, version: Int, body: [UInt8], at: Timestamp) {
        self.id = id
        self.version = version
        self.body = body
        self.at = at
    }
}
