import Domain
import JSON

/// The right to do the work of a request that may be told again: held by one telling of it at a time.
package struct IdempotencyClaim: Hashable, Sendable {
    /// Names the request: the same for every telling of it.
    package let request: String
    /// How often the request was begun: an earlier holder cannot end it any more.
    package let lease: Int64
    /// The same for every time that the request is begun, so that what it makes (a job, a batch) has one id and is made
    /// once, also where a node died between making it and answering.
    package let token: String
    /// Whether it was begun before, by a node that died or lost sight of the ledger: what that node had reserved is
    /// booked (as uncertain, where it could not say what came of it), and what it made may be there.
    package let isTakenOver: Bool

    package init(request: String, lease: Int64, token: String, isTakenOver: Bool = false) {
        self.request = request
        self.lease = lease
        self.token = token
        self.isTakenOver = isTakenOver
    }
}

/// What a telling of a request finds.
package enum IdempotencyClaimResult: Hashable, Sendable {
    /// It is the first one, or the ones before have failed or died: to be done now.
    case first(IdempotencyClaim)
    /// A living node is at it.
    case underWay
    case answered(StoredResponse)
    /// The name was used for another request.
    case other
}

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

extension StoredResponse {
    /// `[[NAME, VALUE], ...]`, in order; names may come more than once.
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
