import Domain
package import Estimation

/// The training data shared by all baselines.
struct BaselineFit {
    let rows: [OutcomeRow]
    let models: [String]
    let vocabulary: Vocabulary
    let x: SparseRows
    /// By model: mean cost and score on the training rows.
    let means: [CostCurve.Point]
    let best: Int
    /// Models on the hull of the training points, cheapest first.
    let hull: [Int]

    init(training: [OutcomeRow], models: [String], seesDollars: Bool) {
        rows = training
        self.models = models
        let grams = training.map { NGrams(of: $0.text.estimatedTexts) }
        let vocabulary = Vocabulary(of: grams, limit: 40_000)
        self.vocabulary = vocabulary
        var x = SparseRows(width: vocabulary.count)
        for gram in grams { x.append(vocabulary.row(gram)) }
        self.x = x
        var means = models.map { model -> CostCurve.Point in
            let known = training.compactMap { $0.outcomes[model] }
            let count = Double(max(known.count, 1))
            return CostCurve.Point(
                costUSD: known.reduce(0) { $0 + ($1.costUSD ?? 0) } / count,
                accuracy: known.reduce(0) { $0 + $1.score } / count)
        }
        let best = means.indices.max { (means[$0].accuracy, $1) < (means[$1].accuracy, $0) } ?? 0
        if !seesDollars { for model in means.indices { means[model].costUSD = model == best ? 1 : 0 } }
        self.means = means
        self.best = best
        hull = Self.hull(means)
    }

    private static func hull(_ points: [CostCurve.Point]) -> [Int] {
        let order = points.indices.sorted {
            (points[$0].costUSD, -points[$0].accuracy) < (points[$1].costUSD, -points[$1].accuracy)
        }
        var hull: [Int] = []
        for model in order {
            if let last = hull.last, points[model].accuracy <= points[last].accuracy { continue }
            while hull.count >= 2 {
                let a = points[hull[hull.count - 2]]
                let b = points[hull[hull.count - 1]]
                let c = points[model]
                let isBelow =
                    (b.accuracy - a.accuracy) * (c.costUSD - a.costUSD) <= (c.accuracy - a.accuracy)
                    * (b.costUSD - a.costUSD)
                if isBelow { hull.removeLast() } else { break }
            }
            hull.append(model)
        }
        return hull
    }

    /// What each model reaches alone on the replayed rows.
    func singles(_ replay: Replay) -> [CostCurve.Point] {
        SingleModels(replay).points.map { $0 ?? CostCurve.Point(costUSD: 0, accuracy: 0) }
    }

    /// All mixtures of two neighbours on the training hull, with their results on the replayed rows.
    func mix(_ replay: Replay) -> CostCurve {
        let reached = singles(replay)
        var points = hull.map { reached[$0] }
        for (low, high) in zip(hull, hull.dropFirst()) {
            for step in 1..<40 {
                let share = Double(step) / 40
                points.append(
                    CostCurve.Point(
                        costUSD: (1 - share) * reached[low].costUSD + share * reached[high].costUSD,
                        accuracy: (1 - share) * reached[low].accuracy + share * reached[high].accuracy))
            }
        }
        return CostCurve(points)
    }

    /// The 40 nearest training queries' mean scores, and their mean costs.
    func nearest(_ replay: Replay) -> CostCurve {
        var replay = replay
        for (place, row) in replay.rows.enumerated() {
            let near = neighbours(of: vocabulary.row(NGrams(of: row.text.estimatedTexts)), count: 40)
            for (model, name) in models.enumerated() {
                let known = near.compactMap { rows[$0].outcomes[name] }
                let count = Double(max(known.count, 1))
                replay.quality[place][model] = known.reduce(0) { $0 + $1.score } / count
                if replay.hasDollars {
                    replay.predictedCost[place][model] = known.reduce(0) { $0 + ($1.costUSD ?? 0) } / count
                }
            }
        }
        return TradeOff().curve(replay)
    }

    /// The training rows with the greatest cosine.
    func neighbours(of row: [(column: Int32, value: Float)], count: Int, without own: Int? = nil) -> [Int] {
        var weights = [Float](repeating: 0, count: vocabulary.count)
        for (column, value) in row { weights[Int(column)] += value }
        var scores: [(score: Float, row: Int)] = []
        for candidate in rows.indices where candidate != own {
            var sum: Float = 0
            for entry in x.starts[candidate]..<x.starts[candidate + 1] {
                sum += x.values[entry] * weights[Int(x.columns[entry])]
            }
            scores.append((sum, candidate))
        }
        return scores.sorted { ($0.score, $1.row) > ($1.score, $0.row) }.prefix(count).map(\.row)
    }
}

/// Baseline routers, replayed by the same code as the product's own.
package enum BaselineRouter: String, CaseIterable, Sendable {
    /// Always the best model on the training rows.
    case bestSingle = "best-single"
    /// A mixture of two models that ignores the query: the best line between training points.
    case randomMix = "random-mix"
    /// The mean score of the 40 nearest training queries (cosine of weighted n-grams), less lambda times cost.
    case knn
    /// HybridLLM (Ding 2024) with hard labels 1[q_small >= q_large].
    case hybridDeterministic = "hybridllm-det"
    /// HybridLLM with soft labels Pr[q_small >= q_large].
    case hybridProbabilistic = "hybridllm-prob"
    /// HybridLLM with labels Pr[q_small >= q_large - t], with t chosen for the greatest variance.
    case hybridTransformed = "hybridllm-trans"
    /// FrugalGPT (Chen 2023): a fixed chain of three models and a scorer of prompt and answer.
    case frugalCascade = "frugal-cascade"

    /// The router with this name.
    /// - Throws: `EstimationError.unknown`.
    package static func named(_ name: String) throws(EstimationError) -> BaselineRouter {
        guard let router = BaselineRouter(rawValue: name) else {
            throw .unknown(kind: "router", name: name, known: allCases.map(\.rawValue))
        }
        return router
    }

    /// Fits on training rows and replays on others of the same suite.
    /// - Returns: nil where the suite lacks what the router needs (outputs, for a cascade).
    func curve(training: [OutcomeRow], replay: Replay) -> CostCurve? {
        let fit = BaselineFit(training: training, models: replay.models, seesDollars: replay.hasDollars)
        switch self {
        case .bestSingle:
            return CostCurve(fit.singles(replay).indices.filter { $0 == fit.best }.map { fit.singles(replay)[$0] })
        case .randomMix: return fit.mix(replay)
        case .knn: return fit.nearest(replay)
        case .hybridDeterministic: return fit.hybrid(replay, smoothing: 1, isTransformed: false)
        case .hybridProbabilistic: return fit.hybrid(replay, smoothing: 10, isTransformed: false)
        case .hybridTransformed: return fit.hybrid(replay, smoothing: 10, isTransformed: true)
        case .frugalCascade: return fit.frugal(replay)
        }
    }
}
