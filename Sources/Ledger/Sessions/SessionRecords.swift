package import Domain

/// Routing's memory of a run, shared by the nodes; opaque to the ledger.
package struct SessionRecord: Hashable, Sendable {
    /// Names the run and its owner; of any length.
    package var id: String
    /// Counts the steps of the run: a greater one is newer.
    package var version: Int
    package var body: [UInt8]
    /// The time of the last step; stored by the hour.
    package var at: Timestamp
    /// The store that wrote it; nil for this store.
    package var owner: String?

    /// A run expires after this silence.
    package static let idleSeconds = 86_400.0

    package init(id: String, version: Int, body: [UInt8], at: Timestamp) {
        self.id = id
        self.version = version
        self.body = body
        self.at = at
    }
}
