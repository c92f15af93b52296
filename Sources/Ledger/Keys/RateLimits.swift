package import Core
import Synchronization

/// The rate limits of all keys on this node. A limit is per node: with N nodes a key gets up to N times its rate.
package final class RateLimits: Sendable {
    private struct Buckets {
        var requests: TokenBucket?
        var tokens: TokenBucket?
    }

    private let buckets = Mutex<[String: Buckets]>([:])
    /// Keys whose buckets are full are forgotten beyond this number.
    private static let mostKeys = 10_000

    package init() {}

    /// Takes one request and its expected tokens from the key's limits, from both or from neither.
    package func admit(_ key: AccessKey, tokens: Int, at moment: Timestamp) -> RateRefusal? {
        if key.requestsPerMinute == nil, key.tokensPerMinute == nil { return nil }
        return buckets.withLock { all in
            if all.count >= Self.mostKeys {
                all = all.filter { !($0.value.requests?.isFull ?? true) || !($0.value.tokens?.isFull ?? true) }
            }
            var own = all[key.id] ?? Buckets()
            own.requests = Self.bucket(own.requests, perMinute: key.requestsPerMinute, at: moment)
            own.tokens = Self.bucket(own.tokens, perMinute: key.tokensPerMinute, at: moment)
            defer { all[key.id] = own }
            if let limit = key.requestsPerMinute, let wait = Self.refusal(&own.requests, 1, at: moment) {
                return RateRefusal(limit: .requests(perMinute: limit), retryAfterSeconds: wait)
            }
            if let limit = key.tokensPerMinute, let wait = Self.refusal(&own.tokens, tokens, at: moment) {
                return RateRefusal(limit: .tokens(perMinute: limit), retryAfterSeconds: wait)
            }
            own.requests?.take(1, at: moment)
            own.tokens?.take(tokens, at: moment)
            return nil
        }
    }

    /// Corrects what was taken once the true number of tokens is known.
    package func settle(_ key: AccessKey, expected: Int, used: Int, at moment: Timestamp) {
        buckets.withLock { all in
            if used <= expected {
                all[key.id]?.tokens?.giveBack(expected - used)
            } else {
                all[key.id]?.tokens?.take(used - expected, at: moment)
            }
        }
    }

    /// A limit that was changed begins with a full bucket.
    private static func bucket(_ bucket: TokenBucket?, perMinute: Int?, at moment: Timestamp) -> TokenBucket? {
        guard let perMinute else { return nil }
        let fresh = TokenBucket(perMinute: perMinute, at: moment)
        guard let bucket, bucket.perMinute == fresh.perMinute else { return fresh }
        return bucket
    }

    /// Seconds to wait, at least one; a day where waiting does not help. Nil where nothing has to be waited for.
    private static func refusal(_ bucket: inout TokenBucket?, _ count: Int, at moment: Timestamp) -> Int? {
        guard bucket != nil else { return nil }
        guard let wait = bucket?.wait(for: count, at: moment) else { return 86_400 }
        return wait == 0 ? nil : Int((wait + 999) / 1000)
    }
}

/// Why a key has to wait, and for how long (`Retry-After`).
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
