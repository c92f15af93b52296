import Domain
import JSON

/// The right to perform an idempotent request, held by one of its senders at a time.
package struct IdempotencyClaim: Hashable, Sendable {
    /// Names the request, equal for all its repeats.
    package let request: String
    /// The number of claims so far; fences off earlier holders.
    package let lease: Int64
    /// Equal for all claims of the request, so that what it creates (a job, a batch) has one id and is created once,
    /// even if a node dies between creating it and answering.
    package let token: String
    /// Whether an earlier holder died or lost the ledger. Its reservations are booked (as uncertain where the outcome
    /// is unknown), and what it created may exist.
    package let isTakenOver: Bool

    package init(request: String, lease: Int64, token: String, isTakenOver: Bool = false) {
        self.request = request
        self.lease = lease
        self.token = token
        self.isTakenOver = isTakenOver
    }
}

/// The state of a request that is claimed.
package enum IdempotencyClaimResult: Hashable, Sendable {
    /// Claimed: it is new, or its earlier holders have failed or died.
    case first(IdempotencyClaim)
    /// A living node works on it.
    case underWay
    case answered(StoredResponse)
    /// The key was used for another request.
    case other
}

/// The stored response to an idempotent request: status, headers and body.
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
    /// Nil if it is not stored: larger than `mostBytes`, or with a secret.
    package var body: [UInt8]?

    /// The largest stored body.
    package static let mostBytes = 8 << 20
    /// The lifetime of a stored response.
    package static let keptSeconds = 86_400.0

    package init(status: Int, headers: [Header], body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body.count <= Self.mostBytes ? body : nil
    }

    /// The same response without what must not be stored.
    package var withoutBody: StoredResponse {
        var copy = self
        copy.body = nil
        return copy
    }

    init(status: Int, headers: [UInt8], body: [UInt8]?) {
        self.status = status
        self.headers = Self.headers(json: headers)
        self.body = body
    }
}

extension StoredResponse {
    /// `[[NAME, VALUE], ...]` in order; names may repeat.
    var headersJSON: [UInt8] {
        var writer = JSONWriter()
        writer.array { list in
            for header in headers {
                list.array { pair in
                    pair.element(header.name)
                    pair.element(header.value)
                }
            }
        }
        return writer.bytes
    }

    static func headers(json: [UInt8]) -> [Header] {
        guard let root = try? JSONDocument(json).root else { return [] }
        return root.elements.compactMap { element in
            let pair = element.elements.compactMap(\.string)
            return pair.count == 2 ? Header(name: pair[0], value: pair[1]) : nil
        }
    }
}
