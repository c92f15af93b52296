/// Attempts that a call takes when each fails with the same probability, by itself, and at most `limit` are made.
package struct Retries: Sendable, Hashable {
    /// Share of calls that fail, from live error rates, 0...1.
    package var errorRate: Double
    /// Most attempts, at least 1.
    package var limit: Int

    /// The error rate is put into 0...1 and the limit to at least 1.
    package init(errorRate: Double, limit: Int) {
        self.errorRate = errorRate >= 0 ? min(1, errorRate) : 0
        self.limit = max(1, limit)
    }

    /// Expected attempts: 1 + e + e^2 + ... + e^(limit - 1).
    package var expectedAttempts: Double {
        var sum = 0.0
        for _ in 0..<limit { sum = 1 + errorRate * sum }
        return sum
    }

    /// Probability that one of the attempts succeeds: 1 - e^limit.
    package var successProbability: Double {
        var failure = 1.0
        for _ in 0..<limit { failure *= errorRate }
        return 1 - failure
    }

    /// Expected amount of a call: a success once, and for each failure before it what a failed attempt takes.
    package func expected(success: Double, failure: Double) -> Double {
        successProbability * success + (expectedAttempts - successProbability) * failure
    }
}
