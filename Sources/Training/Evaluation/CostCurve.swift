import Domain
import JSON

/// The trade-off of a router: points of (mean cost per query, mean accuracy).
package struct CostCurve: Sendable {
    /// One replayed setting of the router.
    package struct Point: Sendable, Hashable {
        package var costUSD: Double
        package var accuracy: Double

        package init(costUSD: Double, accuracy: Double) {
            self.costUSD = costUSD
            self.accuracy = accuracy
        }
    }

    /// Sorted by cost. Of equal costs only the best is kept.
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

    /// The mean of `accuracy(atMost:)` over 400 evenly spaced costs, from the cheapest to the best single model's.
    ///
    /// Below the curve's cheapest point, that single model is used.
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

    /// The Pareto-optimal points.
    package var frontier: CostCurve {
        var best = -1.0
        return CostCurve(
            points.filter { point in
                defer { best = max(best, point.accuracy) }
                return point.accuracy > best
            })
    }
}

/// A curve's figures against the single models.
package struct CurveFigures: Sendable {
    package var curve: CostCurve
    package var aiq: Double
    /// Accuracy at a quarter and at a half of the best single model's cost.
    package var accuracyAtQuarter: Double
    package var accuracyAtHalf: Double
    /// The least cost that reaches the best single model's accuracy, relative to its cost; nil where never reached.
    package var costRatioAtBestSingle: Double?

    init(_ curve: CostCurve, cheapest: CostCurve.Point, best: CostCurve.Point) {
        self.curve = curve
        aiq = curve.aiq(from: cheapest, to: best)
        accuracyAtQuarter = curve.accuracy(atMost: best.costUSD * 0.25) ?? cheapest.accuracy
        accuracyAtHalf = curve.accuracy(atMost: best.costUSD * 0.5) ?? cheapest.accuracy
        costRatioAtBestSingle = curve.cost(reaching: best.accuracy).map { $0 / best.costUSD }
    }
}

extension CostCurve {
    /// Writes the member `curve`: points of `cost_usd` and a value with this name.
    func write(to json: inout JSONWriter, valueName: String) {
        json.member(
            "curve",
            array: { list in
                for point in points {
                    list.object { object in
                        object.member("cost_usd", point.costUSD)
                        object.member(valueName, point.accuracy)
                    }
                }
            })
    }
}

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Sweeps the weight of a dollar against accuracy.
///
/// Each query goes to the model with the greatest quality - lambda * cost, both predicted. Cost and score are the
/// recorded ones.
struct TradeOff: Sendable {
    /// Settings of lambda: zero, then logarithmic steps around the suite's own scale, then cost alone.
    var settings = 240

    func curve(_ replay: Replay, rows: [Int]? = nil) -> CostCurve {
        let rows = rows ?? Array(replay.rows.indices)
        let scale = max(
            1e-12, rows.reduce(0) { $0 + (replay.predictedCost[$1].max() ?? 0) } / Double(max(rows.count, 1)))
        var points: [CostCurve.Point] = []
        for setting in 0...settings {
            let weight = setting == 0 ? 0 : exp(log(1e-4) + log(1e8) * Double(setting - 1) / Double(settings - 1))
            points.append(point(replay, rows, weight: weight / scale))
        }
        return CostCurve(points)
    }

    private func point(_ replay: Replay, _ rows: [Int], weight: Double) -> CostCurve.Point {
        var cost = 0.0
        var score = 0.0
        for row in rows {
            var chosen: (model: Int, value: Double)?
            for model in replay.models.indices where replay.paid[row][model] != nil {
                let value = replay.quality[row][model] - weight * replay.predictedCost[row][model]
                if value > chosen?.value ?? -.infinity { chosen = (model, value) }
            }
            guard let chosen else { continue }
            cost += replay.paid[row][chosen.model] ?? 0
            score += replay.score[row][chosen.model] ?? 0
        }
        let count = Double(max(rows.count, 1))
        return CostCurve.Point(costUSD: cost / count, accuracy: score / count)
    }
}
