#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// 1 / (1 + exp(-x)).
@inline(__always)
package func logistic(_ x: Float) -> Float { 1 / (1 + exp(-x)) }

/// 1 / (1 + exp(-x)).
@inline(__always)
package func logistic(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

/// The inverse of `logistic`, with p clamped slightly inside 0...1.
package func logit(_ p: Double) -> Double {
    let p = min(max(p, 1e-4), 1 - 1e-4)
    return log(p / (1 - p))
}

/// log(1 + exp(x)) without overflow.
@inline(__always)
package func softplus(_ x: Float) -> Float { max(x, 0) + log1p(exp(-abs(x))) }

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Platt's scaling (Platt 1999): the slope and offset of P = logistic(slope * z + offset).
package enum PlattScaling {
    /// Fits the scaling with Newton's method on the log loss, with a prior at (1, 0) that weighs `prior` rows.
    ///
    /// The slope stays above 0, because an inverted order of predictions is noise of few rows.
    /// - Parameter rows: log-odds, and outcomes in 0...1.
    package static func fit(
        _ rows: some Collection<(z: Double, outcome: Double)>, prior: Double
    ) -> (slope: Double, offset: Double) {
        var slope = 1.0
        var offset = 0.0
        for _ in 0..<25 {
            var g = (slope: prior * (slope - 1), offset: prior * 0.1 * offset)
            var h = (ss: prior, so: 0.0, oo: prior * 0.1)
            for (z, outcome) in rows {
                let p = logistic(slope * z + offset)
                let residual = p - outcome
                let curvature = max(p * (1 - p), 1e-6)
                g.slope += residual * z
                g.offset += residual
                h.ss += curvature * z * z
                h.so += curvature * z
                h.oo += curvature
            }
            let determinant = h.ss * h.oo - h.so * h.so
            guard determinant > 1e-12 else { break }
            let step = (
                slope: (h.oo * g.slope - h.so * g.offset) / determinant,
                offset: (h.ss * g.offset - h.so * g.slope) / determinant
            )
            slope -= min(max(step.slope, -1), 1)
            offset -= min(max(step.offset, -1), 1)
            if abs(step.slope) + abs(step.offset) < 1e-6 { break }
        }
        return (max(slope, 0.05), offset)
    }
}
