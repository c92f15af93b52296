#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A log-normal estimate of a positive quantity of every model (output tokens, dollars, seconds), linear in the dense
/// features: log q = w . x + b + e, e of deviation sigma. Models without the quantity have a count of zero.
package struct LinearHead: Sendable {
    /// One row a dense feature, and the intercepts as the last row.
    package var weights: LaneTable
    /// The deviation of log q round the estimate, by model.
    package var deviations: [Float]
    /// mean(q / exp(estimate)) on the training rows, by model: makes the mean right whatever the residuals' shape.
    package var smears: [Float]
    /// Rows that the estimate was fitted on, by model.
    package var counts: [Int32]

    package init(weights: LaneTable, deviations: [Float], smears: [Float], counts: [Int32]) {
        self.weights = weights
        self.deviations = deviations
        self.smears = smears
        self.counts = counts
    }

    package func isKnown(_ model: Int) -> Bool { counts[model] > 0 }

    /// Every model's estimate of log q, from a dense vector.
    package func estimates(_ dense: [Float]) -> [Float] {
        let stride = weights.stride
        return withUnsafeTemporaryAllocation(of: Lane.self, capacity: stride) { sums in
            weights.lanes.withUnsafeBufferPointer { weights in
                _ = sums.initialize(from: weights[(dense.count * stride)..<(dense.count * stride + stride)])
                for (feature, value) in dense.enumerated() {
                    for lane in 0..<stride { sums[lane] += value * weights[feature * stride + lane] }
                }
            }
            return deviations.indices.map { sums[$0 >> 2][$0 & 3] }
        }
    }

    /// The mean of the quantity.
    /// - Parameter estimates: as `estimates(_:)` gives them.
    package func mean(_ estimates: [Float], _ model: Int) -> Double { Double(exp(estimates[model]) * smears[model]) }

    /// The value that a share of outcomes do not pass, `deviations` beyond the median: 1.645 for 95 of 100.
    package func quantile(_ estimates: [Float], _ model: Int, deviations beyond: Float) -> Double {
        Double(exp(estimates[model] + beyond * deviations[model]))
    }
}
