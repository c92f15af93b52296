package import Core
import Synchronization

/// The requests a minute of all keys on this node. A limit is per node: with N nodes a key gets up to N times its rate,
/// since a limit of moments that cost every request a journey to the database would cost more than it saves; what must
/// not be passed is a budget's. Tokens a minute are counted where calls are reserved (`TokenRates`).
package final class RateLimits: Sendable {
    private let buckets = Mutex<[String: TokenBucket]>([:])
    /// Keys whose buckets are full are forgotten beyond this number.
    private static let mostKeys = 10_000

    package init() {}

    /// Takes one request; the refusal where the key has to wait.
    package func admit(_ key: AccessKey, at moment: Timestamp) -> RateRefusal? {
        guard let limit = key.requestsPerMinute else { return nil }
        return buckets.withLock { all in
            if all.count >= Self.mostKeys { all = all.filter { !$0.value.isFull } }
            let fresh = TokenBucket(perMinute: limit, at: moment)
            // A limit that was changed begins with a full bucket.
            var own = all[key.id].flatMap { $0.perMinute == fresh.perMinute ? $0 : nil } ?? fresh
            defer { all[key.id] = own }
            if let wait = own.wait(for: 1, at: moment), wait > 0 {
                return RateRefusal(limit: .requests(perMinute: limit), retryAfterSeconds: Int((wait + 999) / 1000))
            }
            own.take(1, at: moment)
            return nil
        }
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
