import Domain
package import Estimation

/// How good the predictions and the routing on them are on one suite of recorded outcomes: design section 5.
package struct OutcomeFigures: Sendable {
    package var suite: String
    package var rows: Int
    package var models: [String]
    /// By model; nil where all its outcomes are alike.
    package var auc: [Double?]
    package var brier: Double
    package var calibrationError: Double
    package var bestSingle: String
    package var bestSinglePoint: CostCurve.Point
    package var singles: [CostCurve.Point?]
    package var routing: CurveFigures
    package var cascade: CurveFigures?
    package var pair: PairFigures?
    /// Other routers on the same rows, by name, where they were asked for.
    package var baselines: [(name: String, figures: CurveFigures)] = []
    /// What a policy made of the rows, where one was asked for.
    package var routed: RoutedFigures?
    /// Microseconds of a decision: half of them take less, and 99 of 100.
    package var decisionP50: Double
    package var decisionP99: Double

    /// Replays some rows of one suite.
    /// - Parameters:
    ///   - routers: baselines to replay beside.
    ///   - training: rows to fit these on; without any they are left out.
    ///   - policy: routes the rows by a policy.
    package init(
        suite: String, rows: [OutcomeRow], profiles: ProfileSet, routers: [BaselineRouter] = [],
        training: [OutcomeRow] = [], policy: ((Replay) -> RoutedFigures)? = nil
    ) {
        let replay = Replay(suite: suite, rows: rows, profiles: profiles)
        self.init(replay)
        routed = policy?(replay)
        if var cascade = CascadeReplay(replay, profiles: profiles) {
            let singles = SingleModels(replay)
            self.cascade = CurveFigures(cascade.curve(), cheapest: singles.cheapestPoint, best: singles.bestPoint)
        }
        if !training.isEmpty {
            let singles = SingleModels(replay)
            for router in routers {
                guard let curve = router.curve(training: training, replay: replay) else { continue }
                baselines.append(
                    (router.rawValue, CurveFigures(curve, cheapest: singles.cheapestPoint, best: singles.bestPoint)))
            }
        }
    }

    init(_ replay: Replay) {
        suite = replay.suite
        rows = replay.rows.count
        models = replay.models
        var predictions: [Double] = []
        var outcomes: [Double] = []
        auc = replay.models.indices.map { model in
            let known = replay.rows.indices.filter { replay.score[$0][model] != nil }
            let predicted = known.map { replay.quality[$0][model] }
            let scored = known.map { replay.score[$0][model] ?? 0 }
            predictions += predicted
            outcomes += scored
            return RankingMetrics.auc(predicted, scored)
        }
        brier = RankingMetrics.brier(predictions, outcomes)
        calibrationError = RankingMetrics.calibrationError(predictions, outcomes)
        let singles = SingleModels(replay)
        self.singles = singles.points
        bestSingle = replay.models.isEmpty ? "" : replay.models[singles.best]
        bestSinglePoint = singles.bestPoint
        routing = CurveFigures(
            TradeOff().curve(replay), cheapest: singles.cheapestPoint, best: singles.bestPoint)
        if replay.models.count == 2 { pair = PairFigures(replay, strong: singles.best, weak: 1 - singles.best) }
        decisionP50 = RankingMetrics.quantile(replay.decisionMicroseconds, 0.5)
        decisionP99 = RankingMetrics.quantile(replay.decisionMicroseconds, 0.99)
    }

    /// The mean over models.
    package var meanAUC: Double {
        let known = auc.compactMap { $0 }
        return known.isEmpty ? 0.5 : known.reduce(0, +) / Double(known.count)
    }
}
