#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A correction of probabilities: p' = logistic(slope * logit(p) + offset) (Platt 1999), which keeps their order.
package struct PlattMap: Hashable, Sendable {
    package var slope: Double
    package var offset: Double

    package static let identity = PlattMap(slope: 1, offset: 0)

    package init(slope: Double, offset: Double) {
        self.slope = slope
        self.offset = offset
    }

    package func callAsFunction(_ probability: Double) -> Double {
        self == .identity ? probability : Self.logistic(slope * Self.logit(probability) + offset)
    }

    /// The probability that this map turns into another one.
    package func inverse(_ probability: Double) -> Double {
        self == .identity ? probability : Self.logistic((Self.logit(probability) - offset) / slope)
    }

    /// Newton's method on the log loss of outcomes in 0...1, with a pull towards no correction that is worth `prior` rows.
    package static func fit(_ rows: [(predicted: Double, outcome: Double)], prior: Double = 10) -> PlattMap {
        var slope = 1.0
        var offset = 0.0
        for _ in 0..<50 {
            var gradient = (slope: prior * (slope - 1), offset: prior * 0.1 * offset)
            var curvature = (ss: prior, so: 0.0, oo: prior * 0.1)
            for row in rows {
                let z = logit(row.predicted)
                let p = logistic(slope * z + offset)
                let weight = max(p * (1 - p), 1e-6)
                gradient.slope += (p - row.outcome) * z
                gradient.offset += p - row.outcome
                curvature.ss += weight * z * z
                curvature.so += weight * z
                curvature.oo += weight
            }
            let determinant = curvature.ss * curvature.oo - curvature.so * curvature.so
            guard determinant > 1e-12 else { break }
            let move = (
                slope: (curvature.oo * gradient.slope - curvature.so * gradient.offset) / determinant,
                offset: (curvature.ss * gradient.offset - curvature.so * gradient.slope) / determinant
            )
            slope -= min(max(move.slope, -1), 1)
            offset -= min(max(move.offset, -1), 1)
            if abs(move.slope) + abs(move.offset) < 1e-9 { break }
        }
        // A negative slope would turn the order of predictions round: noise of few rows, never knowledge.
        return PlattMap(slope: max(slope, 0.05), offset: offset)
    }

    private static func logistic(_ z: Double) -> Double { 1 / (1 + exp(-z)) }

    /// Kept within +-7, so that a prediction of 0 or 1 can still be corrected.
    private static func logit(_ probability: Double) -> Double {
        let p = min(max(probability, 0.001), 0.999)
        return log(p / (1 - p))
    }
}
