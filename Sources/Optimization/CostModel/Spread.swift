package import Domain
import Foundation

/// A predicted amount as a distribution: its mean and variance.
package struct Spread: Sendable, Hashable {
    package var mean: Double
    package var variance: Double

    package init(mean: Double, variance: Double = 0) {
        self.mean = mean
        self.variance = variance
    }

    /// A log-normal given by its mean and the quantile of a share, both above 0, as token counts are. A quantile at or
    /// below the mean gives no variance.
    package init(mean: Double, quantile amount: Double, share: Double = 0.95) {
        self.init(mean: mean)
        let z = Normal.quantile(share)
        // ln(q / mean) = z s - s^2 / 2; the smaller root is the one that grows from no spread.
        let root = z * z - 2 * log(max(amount, mean) / mean)
        let sigma = root > 0 ? z - root.squareRoot() : z
        if mean > 0 { variance = mean * mean * (exp(sigma * sigma) - 1) }
    }

    /// The quantile of a share, 0..<1, of a log-normal with this mean and variance. Amounts are never negative, and
    /// long answers are rarer the longer they are.
    package func quantile(_ share: Double) -> Double {
        guard mean > 0, variance > 0 else { return mean }
        let logVariance = log(1 + variance / (mean * mean))
        return mean * exp(Normal.quantile(share) * logVariance.squareRoot() - logVariance / 2)
    }

    /// The mean, or a quantile.
    package func amount(_ statistic: AmountStatistic) -> Double {
        switch statistic {
        case .mean: mean
        case .quantile(let share): quantile(share)
        }
    }

    /// The sum of independent amounts.
    package static func + (left: Spread, right: Spread) -> Spread {
        Spread(mean: left.mean + right.mean, variance: left.variance + right.variance)
    }

    /// An amount times a number.
    package static func * (spread: Spread, factor: Double) -> Spread {
        Spread(mean: spread.mean * factor, variance: spread.variance * factor * factor)
    }
}

/// The standard normal distribution.
package enum Normal {
    /// The quantile of a share above 0 and below 1. Acklam's rational approximation, relative error below 1.2e-9.
    /// Infinite beyond the ends.
    package static func quantile(_ share: Double) -> Double {
        guard share > 0 else { return -.infinity }
        guard share < 1 else { return .infinity }
        if share < tail { return -outer(-2 * log(share)) }
        if share > 1 - tail { return outer(-2 * log(1 - share)) }
        let q = share - 0.5
        let r = q * q
        return q * polynomial(innerTop, r) / (polynomial(innerBottom, r) * r + 1)
    }

    private static let tail = 0.02425
    private static let innerTop = [
        -39.696_830_286_653_76, 220.946_098_424_520_5, -275.928_510_446_968_7, 138.357_751_867_269,
        -30.664_798_066_147_16, 2.506_628_277_459_239,
    ]
    private static let innerBottom = [
        -54.476_098_798_224_06, 161.585_836_858_040_9, -155.698_979_859_886_6, 66.801_311_887_719_72,
        -13.280_681_552_885_72,
    ]
    private static let outerTop = [
        -0.007_784_894_002_430_293, -0.322_396_458_041_136_5, -2.400_758_277_161_838, -2.549_732_539_343_734,
        4.374_664_141_464_968, 2.938_163_982_698_783,
    ]
    private static let outerBottom = [
        0.007_784_695_709_041_462, 0.322_467_129_070_039_8, 2.445_134_137_142_996, 3.754_408_661_907_416,
    ]

    private static func outer(_ squared: Double) -> Double {
        let q = squared.squareRoot()
        return -polynomial(outerTop, q) / (polynomial(outerBottom, q) * q + 1)
    }

    private static func polynomial(_ coefficients: [Double], _ x: Double) -> Double {
        coefficients.reduce(0) { $0 * x + $1 }
    }
}
