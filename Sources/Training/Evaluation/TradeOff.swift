#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Sweeps how much a dollar weighs against accuracy: each query goes to the model with the greatest
/// quality - lambda * cost, both predicted; what was chosen is paid and scored as recorded.
struct TradeOff: Sendable {
    /// Settings of lambda: none, then even in logarithm round the suite's own scale, then cost alone.
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
