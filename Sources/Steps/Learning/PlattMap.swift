import Estimation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A monotonic correction of probabilities: p' = logistic(slope * logit(p) + offset) (Platt 1999).
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

    /// The inverse of the map.
    package func inverse(_ probability: Double) -> Double {
        self == .identity ? probability : Self.logistic((Self.logit(probability) - offset) / slope)
    }

    /// Fits the maximum-likelihood map for outcomes in 0...1, regularized towards the identity by `prior` rows.
    package static func fit(_ rows: [(predicted: Double, outcome: Double)], prior: Double = 10) -> PlattMap {
        let scaling = PlattScaling.fit(rows.map { (z: logit($0.predicted), outcome: $0.outcome) }, prior: prior)
        return PlattMap(slope: scaling.slope, offset: scaling.offset)
    }

    private static func logistic(_ z: Double) -> Double { 1 / (1 + exp(-z)) }

    /// Clamped to +-7, so that predictions of 0 and 1 stay correctable.
    private static func logit(_ probability: Double) -> Double {
        let p = min(max(probability, 0.001), 0.999)
        return log(p / (1 - p))
    }
}
