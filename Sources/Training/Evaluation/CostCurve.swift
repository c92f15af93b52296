/// What a router reaches at every cost: points of (mean cost of a query, mean accuracy).
package struct CostCurve: Sendable {
    /// A setting of the router, replayed.
    package struct Point: Sendable, Hashable {
        package var costUSD: Double
        package var accuracy: Double

        package init(costUSD: Double, accuracy: Double) {
            self.costUSD = costUSD
            self.accuracy = accuracy
        }
    }

    /// By cost; of equal costs only the best.
    package private(set) var points: [Point]

    package init(_ points: [Point]) {
        var kept: [Point] = []
        for point in points.sorted(by: { ($0.costUSD, -$0.accuracy) < ($1.costUSD, -$1.accuracy) })
        where kept.last?.costUSD != point.costUSD { kept.append(point) }
        self.points = kept
    }

    /// The best accuracy at or below a cost; nil below the cheapest point.
    package func accuracy(atMost costUSD: Double) -> Double? {
        var best: Double?
        for point in points where point.costUSD <= costUSD * (1 + 1e-9) { best = max(best ?? 0, point.accuracy) }
        return best
    }

    /// The mean of `accuracy(atMost:)` over 400 even costs from the cheapest single model's to the best single model's.
    /// Below the curve's cheapest point that single model stands in.
    package func aiq(from cheapest: Point, to best: Point) -> Double {
        let count = 400
        var sum = 0.0
        for step in 0..<count {
            let cost = cheapest.costUSD + (best.costUSD - cheapest.costUSD) * Double(step) / Double(count - 1)
            sum += accuracy(atMost: cost) ?? cheapest.accuracy
        }
        return sum / Double(count)
    }

    /// The least cost that reaches an accuracy, or nil.
    package func cost(reaching accuracy: Double) -> Double? {
        points.first { $0.accuracy >= accuracy - 1e-12 }?.costUSD
    }

    /// The points that no cheaper point beats.
    package var frontier: CostCurve {
        var best = -1.0
        return CostCurve(
            points.filter { point in
                defer { best = max(best, point.accuracy) }
                return point.accuracy > best
            })
    }
}

/// A curve's figures against the single models: design section 5.
package struct CurveFigures: Sendable {
    package var curve: CostCurve
    package var aiq: Double
    /// Accuracy at a quarter and at a half of the best single model's cost.
    package var accuracyAtQuarter: Double
    package var accuracyAtHalf: Double
    /// The least cost that reaches the best single model's accuracy, as a share of its cost; nil if never reached.
    package var costRatioAtBestSingle: Double?

    init(_ curve: CostCurve, cheapest: CostCurve.Point, best: CostCurve.Point) {
        self.curve = curve
        aiq = curve.aiq(from: cheapest, to: best)
        accuracyAtQuarter = curve.accuracy(atMost: best.costUSD * 0.25) ?? cheapest.accuracy
        accuracyAtHalf = curve.accuracy(atMost: best.costUSD * 0.5) ?? cheapest.accuracy
        costRatioAtBestSingle = curve.cost(reaching: best.accuracy).map { $0 / best.costUSD }
    }
}
