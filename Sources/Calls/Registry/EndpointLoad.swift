import Domain

/// What an endpoint has to do at present, and what its limits leave. Pure.
struct EndpointLoad: Hashable, Sendable {
    /// Calls under way.
    private(set) var underWay = 0
    private var requests: RateBucket?
    private var tokens: RateBucket?

    /// Adopts the limits of an endpoint; a limit that has changed begins anew.
    mutating func adopt(_ endpoint: ModelEndpoint, at now: Timestamp) {
        Self.adopt(endpoint.requestsPerMinute, &requests, at: now)
        Self.adopt(endpoint.tokensPerMinute, &tokens, at: now)
    }

    private static func adopt(_ limit: Int?, _ bucket: inout RateBucket?, at now: Timestamp) {
        guard bucket?.perMinute != limit.map(Double.init) else { return }
        bucket = limit.map { RateBucket(perMinute: $0, at: now) }
    }

    /// Seconds until the limits of the rate have room for a call.
    func wait(forTokens count: Int, at now: Timestamp) -> Double {
        max(requests?.wait(for: 1, at: now) ?? 0, tokens?.wait(for: Double(count), at: now) ?? 0)
    }

    /// Records a call that begins.
    mutating func begin(tokens count: Int, at now: Timestamp) {
        underWay += 1
        requests?.take(1, at: now)
        tokens?.take(Double(count), at: now)
    }

    /// Records a call that has ended.
    ///
    /// - Parameter unused: tokens that it was expected to take and did not.
    mutating func end(unused: Int, at now: Timestamp) {
        underWay = max(0, underWay - 1)
        if unused > 0 { tokens?.give(Double(unused), at: now) }
    }
}
