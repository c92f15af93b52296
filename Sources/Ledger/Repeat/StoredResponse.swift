/// The answer to a request that may be told again (`Idempotency-Key`), as it is kept: status, headers and body.
package struct StoredResponse: Hashable, Sendable {
    package struct Header: Hashable, Sendable {
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    package var status: Int
    package var headers: [Header]
    /// Nil where it was larger than `mostBytes` and is not kept.
    package var body: [UInt8]?

    /// The largest body that is kept.
    package static let mostBytes = 8 << 20
    /// How long an answer is kept.
    package static let keptSeconds = 86_400.0

    package init(status: Int, headers: [Header], body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body.count <= Self.mostBytes ? body : nil
    }

    init(status: Int, headers: [UInt8], body: [UInt8]?) {
        self.status = status
        self.headers = Self.headers(json: headers)
        self.body = body
    }
}
