/// Mean of scores in 0...1 with the 95 % interval (Wilson 1927). The interval is conservative for fractional scores,
/// whose variance is at most that of binary ones.
package struct QualityInterval: Hashable, Sendable {
    /// The mean of the scores.
    package let mean: Double
    /// Lower end of the interval.
    package let low: Double
    /// Upper end of the interval.
    package let high: Double

    /// - Parameter count: at least 1; 0 gives the interval 0...1.
    package init(count: Int, sum: Double) {
        self.init(samples: Double(count), mean: count > 0 ? sum / Double(count) : 0.5)
    }

    /// - Parameter samples: effective sample size; 0 gives the interval 0...1.
    init(samples n: Double, mean p: Double) {
        guard n > 0 else {
            (mean, low, high) = (0.5, 0, 1)
            return
        }
        let z = QualityEstimate.z
        let p = min(max(p, 0), 1)
        let centre = (p + z * z / (2 * n)) / (1 + z * z / n)
        let half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
        mean = p
        low = max(0, centre - half)
        high = min(1, centre + half)
    }
}
