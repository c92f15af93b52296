import Domain
import JSON

/// The limit that a key has reached, and the wait (`Retry-After`).
package struct RateRefusal: Hashable, Sendable, CustomStringConvertible {
    package enum Limit: Hashable, Sendable {
        case requests(perMinute: Int)
        case tokens(perMinute: Int)
    }

    package let limit: Limit
    package let retryAfterSeconds: Int

    package init(limit: Limit, retryAfterSeconds: Int) {
        self.limit = limit
        self.retryAfterSeconds = retryAfterSeconds
    }

    package var description: String {
        let what =
            switch limit {
            case .requests(let perMinute): "\(perMinute) requests"
            case .tokens(let perMinute): "\(perMinute) tokens"
            }
        return "this key may use \(what) a minute; try again in \(retryAfterSeconds) s"
    }
}

/// A key's uses on one node since its last report.
struct RateUse: Hashable, Sendable {
    var key: String
    /// The key's limits if the reporting node knows them, so that a node that has not seen the key can count its uses.
    var requestsPerMinute: Int?
    var requests = 0
    var tokensPerMinute: Int?
    /// Negative where more was restored than consumed.
    var tokens = 0

    var isNothing: Bool { requests == 0 && tokens == 0 }

    /// At most one whole bucket of each: late uses were refilled meanwhile.
    var withinBuckets: RateUse {
        var use = self
        if let most = requestsPerMinute { use.requests = min(requests, most) }
        if let most = tokensPerMinute { use.tokens = min(tokens, most) }
        return use
    }
}

extension RateUse {
    /// `[[KEY, REQUESTS_A_MINUTE, REQUESTS, TOKENS_A_MINUTE, TOKENS], ...]`.
    static func json(_ uses: [RateUse]) -> [UInt8] {
        var writer = JSONWriter(capacity: uses.count * 40 + 2)
        writer.array { list in
            for use in uses {
                list.array { fields in
                    fields.element(use.key)
                    fields.element(use.requestsPerMinute)
                    fields.element(use.requests)
                    fields.element(use.tokensPerMinute)
                    fields.element(use.tokens)
                }
            }
        }
        return writer.bytes
    }

    /// Reads what `json` writes; skips elements of another form (of a later version).
    static func uses(json: [UInt8]) -> [RateUse] {
        guard let root = try? JSONDocument(json).root else { return [] }
        return root.elements.compactMap { element in
            let fields = Array(element.elements)
            guard fields.count >= 5, let key = fields[0].string, let requests = fields[2].integer,
                let tokens = fields[4].integer
            else { return nil }
            return RateUse(
                key: key, requestsPerMinute: fields[1].integer.map { Int($0) }, requests: Int(requests),
                tokensPerMinute: fields[3].integer.map { Int($0) }, tokens: Int(tokens))
        }
    }
}

/// The reports of other nodes.
struct RateUpdate: Sendable {
    /// The uses in one report.
    struct Report: Sendable {
        var sequence: Int64
        /// Milliseconds since it was written.
        var age: Int64
        var uses: [RateUse]
    }

    /// Whether another node is alive.
    var hasOthers: Bool
    var reports: [Report] = []
}
