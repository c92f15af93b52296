/// Metrics of predicted probabilities against outcomes.
enum RankingMetrics {
    /// The probability that a good outcome ranks above a bad one, with ties counted as half; nil with one class only.
    ///
    /// An outcome of at least 0.5 is good.
    static func auc(_ predictions: [Double], _ outcomes: [Double]) -> Double? {
        let order = predictions.indices.sorted { predictions[$0] < predictions[$1] }
        var rankSum = 0.0
        var good = 0.0
        var index = 0
        while index < order.count {
            var end = index
            while end < order.count, predictions[order[end]] == predictions[order[index]] { end += 1 }
            let rank = Double(index + end + 1) / 2
            for place in index..<end where outcomes[order[place]] >= 0.5 {
                rankSum += rank
                good += 1
            }
            index = end
        }
        let bad = Double(order.count) - good
        return good > 0 && bad > 0 ? (rankSum - good * (good + 1) / 2) / (good * bad) : nil
    }

    /// The mean squared error.
    static func brier(_ predictions: [Double], _ outcomes: [Double]) -> Double {
        zip(predictions, outcomes).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / Double(max(predictions.count, 1))
    }

    /// Expected calibration error (Naeini 2015) over ten equal bins of the prediction.
    ///
    /// It is the mean distance of mean prediction and mean outcome, weighted by the bin's rows.
    static func calibrationError(_ predictions: [Double], _ outcomes: [Double]) -> Double {
        var sums = [(count: Double, prediction: Double, outcome: Double)](repeating: (0, 0, 0), count: 10)
        for (prediction, outcome) in zip(predictions, outcomes) {
            let bin = min(9, max(0, Int(prediction * 10)))
            sums[bin].count += 1
            sums[bin].prediction += prediction
            sums[bin].outcome += outcome
        }
        return sums.reduce(0) { $0 + abs($1.prediction - $1.outcome) } / Double(max(predictions.count, 1))
    }

    /// The quantile of the values at a share.
    static func quantile(_ values: [Double], _ share: Double) -> Double {
        if values.isEmpty { return 0 }
        let sorted = values.sorted()
        return sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
    }
}

/// The result of each model alone on some rows.
struct SingleModels: Sendable {
    /// By model index; a model without outcomes has none.
    var points: [CostCurve.Point?]
    var cheapest: Int
    /// The most accurate model; the cheaper one of a tie.
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
