#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A log-normal estimate of a positive quantity of every model (output tokens, dollars, seconds), linear in the dense
/// features: log q = w . x + b + e, e of deviation sigma. Models without the quantity have a count of zero.
struct LinearHead: Sendable {
    /// One row a dense feature, and the intercepts as the last row.
    var weights: LaneTable
    /// The deviation of log q round the estimate, by model.
    var deviations: [Float]
    /// mean(q / exp(estimate)) on the training rows, by model: makes the mean right whatever the residuals' shape.
    var smears: [Float]
    /// Rows that the estimate was fitted on, by model.
    var counts: [Int32]

    func isKnown(_ model: Int) -> Bool { counts[model] > 0 }

    /// The mean of the quantity.
    func mean(_ dense: UnsafeBufferPointer<Float>, _ model: Int) -> Double {
        Double(exp(logEstimate(dense, model)) * smears[model])
    }

    /// The value that a share of outcomes do not pass, `deviations` beyond the median: 1.645 for 95 of 100.
    func quantile(_ dense: UnsafeBufferPointer<Float>, _ model: Int, deviations beyond: Float) -> Double {
        Double(exp(logEstimate(dense, model) + beyond * deviations[model]))
    }

    private func logEstimate(_ dense: UnsafeBufferPointer<Float>, _ model: Int) -> Float {
        let stride = weights.stride
        let lane = model >> 2
        var sum = weights.lanes[dense.count * stride + lane][model & 3]
        for feature in dense.indices { sum += dense[feature] * weights.lanes[feature * stride + lane][model & 3] }
        return sum
    }
}
