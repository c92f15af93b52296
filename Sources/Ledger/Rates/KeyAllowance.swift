package import Domain

/// What a key has left of its limits a minute, as this node counts.
package struct KeyAllowance: Hashable, Sendable {
    /// One limit: of requests or of tokens.
    package struct Part: Hashable, Sendable {
        /// A minute's.
        package let limit: Int
        /// Left now, zero at least.
        package let remaining: Int
        /// Seconds until all of it is there again.
        package let resetSeconds: Double

        init(_ bucket: TokenBucket, at moment: Timestamp) {
            var bucket = bucket
            let missing = bucket.missing(at: moment)
            limit = Int(bucket.perMinute)
            remaining = max(0, limit - missing)
            resetSeconds = limit == 0 ? 60 : Double(missing) / Double(limit) * 60
        }
    }

    /// Requests; nil without a limit.
    package let requests: Part?
    /// Tokens; nil without a limit.
    package let tokens: Part?
}

extension KeyRates {
    /// What a key has left; nil for one without limits.
    func allowance(of key: String, at moment: Timestamp) -> KeyAllowance? {
        guard let (requests, tokens) = buckets(of: key) else { return nil }
        return KeyAllowance(
            requests: requests.map { KeyAllowance.Part($0, at: moment) },
            tokens: tokens.map { KeyAllowance.Part($0, at: moment) })
    }
}

extension LedgerStore {
    /// What a key has left of its limits a minute; nil for one without limits.
    package func allowance(of key: String, at moment: Timestamp) -> KeyAllowance? {
        rates.allowance(of: key, at: moment)
    }
}
