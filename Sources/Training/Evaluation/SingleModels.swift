/// What each model reaches alone on some rows.
struct SingleModels: Sendable {
    /// By the model's place; a model without outcomes has none.
    var points: [CostCurve.Point?]
    var cheapest: Int
    /// The most accurate one; of equals the cheaper.
    var best: Int

    init(_ replay: Replay, rows: [Int]? = nil) {
        let rows = rows ?? Array(replay.rows.indices)
        let points = replay.models.indices.map { model in
            var cost = 0.0
            var score = 0.0
            var count = 0.0
            for row in rows {
                guard let paid = replay.paid[row][model], let scored = replay.score[row][model] else { continue }
                cost += paid
                score += scored
                count += 1
            }
            return count > 0 ? CostCurve.Point(costUSD: cost / count, accuracy: score / count) : nil
        }
        self.points = points
        let known = points.indices.filter { points[$0] != nil }
        func key(_ model: Int) -> (Double, Double) {
            points[model].map { ($0.accuracy, -$0.costUSD) } ?? (0, 0)
        }
        best = known.max { key($0) < key($1) } ?? 0
        cheapest = known.min { (points[$0]?.costUSD ?? 0) < (points[$1]?.costUSD ?? 0) } ?? 0
    }

    var bestPoint: CostCurve.Point { points[best] ?? CostCurve.Point(costUSD: 0, accuracy: 0) }
    var cheapestPoint: CostCurve.Point { points[cheapest] ?? CostCurve.Point(costUSD: 0, accuracy: 0) }
}
