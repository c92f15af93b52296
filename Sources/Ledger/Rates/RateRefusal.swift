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
