package import Domain

/// A stored response of OpenAI's Responses API, with the items that it answered.
package struct ResponseRecord: Hashable, Sendable {
    /// `resp_` and the decision's id.
    package var id: String
    /// The key that may read it; nil for the operator alone.
    package var key: String?
    /// The response whose conversation it continues.
    package var previous: String?
    /// When it was stored.
    package var createdAt: Timestamp
    /// When it is deleted.
    package var expiresAt: Timestamp
    /// A JSON list of its own input items.
    package var input: [UInt8]
    /// The response as it was sent.
    package var body: [UInt8]

    package init(
        id: String, key: String?, previous: String?, createdAt: Timestamp, expiresAt: Timestamp, input: [UInt8],
        body: [UInt8]
    ) {
        self.id = id
        self.key = key
        self.previous = previous
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.input = input
        self.body = body
    }
}
