/// Means and sums of squares of pairs of numbers, for a line through them and their correlation.
struct PairMoments {
    /// Means of the first and of the second numbers.
    let x: Double
    let y: Double
    /// Sums of products of the distances from the means.
    let xx: Double
    let yy: Double
    let xy: Double

    init(_ pairs: [(Double, Double)]) {
        let count = Double(max(pairs.count, 1))
        let x = pairs.reduce(0) { $0 + $1.0 } / count
        let y = pairs.reduce(0) { $0 + $1.1 } / count
        xx = pairs.reduce(0) { $0 + ($1.0 - x) * ($1.0 - x) }
        yy = pairs.reduce(0) { $0 + ($1.1 - y) * ($1.1 - y) }
        xy = pairs.reduce(0) { $0 + ($1.0 - x) * ($1.1 - y) }
        self.x = x
        self.y = y
    }

    /// Least squares of the second number on the first: y = offset + slope x.
    ///
    /// - Parameters:
    ///   - usual: the slope where the first numbers are all equal.
    ///   - range: where the slope is kept; nil for anywhere.
    func line(usual: Double = 0, in range: ClosedRange<Double>? = nil) -> (offset: Double, slope: Double) {
        var slope = xx > 0 ? xy / xx : usual
        if let range { slope = min(max(slope, range.lowerBound), range.upperBound) }
        return (y - slope * x, slope)
    }

    /// 0 where either number never differs.
    var correlation: Double { xx * yy > 0 ? xy / (xx * yy).squareRoot() : 0 }
}
