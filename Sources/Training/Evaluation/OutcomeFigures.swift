import Domain
package import Estimation
package import JSON

/// Quality of predictions and of routing on one suite of recorded outcomes.
package struct OutcomeFigures: Sendable {
    package var suite: String
    package var rows: Int
    package var models: [String]
    /// By model; nil where all its outcomes are equal.
    package var auc: [Double?]
    package var brier: Double
    package var calibrationError: Double
    package var bestSingle: String
    package var bestSinglePoint: CostCurve.Point
    package var singles: [CostCurve.Point?]
    package var routing: CurveFigures
    package var cascade: CurveFigures?
    /// The cascade without a judge: answers are compared with each other alone.
    package var agreement: CurveFigures?
    package var pair: PairFigures?
    /// Baseline routers on the same rows, by name.
    package var baselines: [(name: String, figures: CurveFigures)] = []
    /// The result of the policy on the rows, if one was given.
    package var routed: RoutedFigures?
    /// Predictions for every model as if it were new, if asked for.
    package var dayZero: DayZeroFigures?
    /// Median decision time in microseconds, then its 99th percentile.
    package var decisionP50: Double
    package var decisionP99: Double

    /// Replays the rows of one suite.
    /// - Parameters:
    ///   - routers: baselines to replay.
    ///   - training: rows to fit the baselines on. Without any, the baselines are skipped.
    ///   - dayZero: treats every model as new. It takes answers and shares from the training rows.
    ///   - policy: routes the rows by a policy.
    package init(
        suite: String, rows: [OutcomeRow], profiles: ProfileSet, routers: [BaselineRouter] = [],
        training: [OutcomeRow] = [], dayZero: DayZeroReplay? = nil, policy: ((Replay) -> RoutedFigures)? = nil
    ) {
        let replay = Replay(suite: suite, rows: rows, profiles: profiles)
        self.init(replay)
        self.dayZero = dayZero?.figures(replay, training: training)
        routed = policy?(replay)
        if var cascade = CascadeReplay(replay, profiles: profiles) {
            let singles = SingleModels(replay)
            self.cascade = CurveFigures(cascade.curve(), cheapest: singles.cheapestPoint, best: singles.bestPoint)
        }
        if var cascade = CascadeReplay(replay, profiles: profiles, isJudged: false) {
            let singles = SingleModels(replay)
            agreement = CurveFigures(
                cascade.curve(settings: 100), cheapest: singles.cheapestPoint, best: singles.bestPoint)
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

/// Comparison of two models by RouteLLM's measures (Ong 2024), by dataset.
package struct PairFigures: Sendable {
    /// Average performance gap recovered: the mean of (accuracy - weak) / (strong - weak) over all shares of calls to
    /// the strong model.
    package var apgr: [String: Double] = [:]
    /// The least share of calls to the strong model that recovers 50 % of the gap, then 80 % of it.
    package var cpt50: [String: Double] = [:]
    package var cpt80: [String: Double] = [:]

    init(_ replay: Replay, strong: Int, weak: Int) {
        for dataset in Set(replay.rows.map(\.dataset)) {
            let rows = replay.rows.indices.filter {
                replay.rows[$0].dataset == dataset && replay.score[$0][strong] != nil && replay.score[$0][weak] != nil
            }
            let gains = rows.map { (replay.score[$0][strong] ?? 0) - (replay.score[$0][weak] ?? 0) }
            let gap = gains.reduce(0, +)
            if rows.isEmpty || gap <= 0 { continue }
            // Calls go to the strong model in order of its predicted gain.
            let predicted = rows.map { replay.quality[$0][strong] - replay.quality[$0][weak] }
            let order = rows.indices.sorted { (predicted[$0], $1) > (predicted[$1], $0) }
            var recovered = 0.0
            var area = 0.0
            for (place, index) in order.enumerated() {
                let before = recovered
                recovered += gains[index] / gap
                area += (before + recovered) / 2
                let share = Double(place + 1) / Double(rows.count)
                if recovered >= 0.5 - 1e-9, cpt50[dataset] == nil { cpt50[dataset] = share }
                if recovered >= 0.8 - 1e-9, cpt80[dataset] == nil { cpt80[dataset] = share }
            }
            apgr[dataset] = area / Double(rows.count)
        }
    }
}

extension OutcomeFigures {
    /// Writes the figures as an object of the evaluation contract.
    package func write(to json: inout JSONWriter) {
        json.object {
            $0.member("suite", suite)
            $0.member("n", rows)
            $0.member("models", models.count)
            $0.member(
                "auc",
                object: { json in
                    json.member("mean", meanAUC)
                    json.member(
                        "per_model",
                        object: { json in
                            for (model, value) in zip(models, auc) { json.member(model, value) }
                        })
                })
            $0.member("brier", brier)
            $0.member("ece", calibrationError)
            $0.member(
                "best_single",
                object: { json in
                    json.member("model", bestSingle)
                    json.member("accuracy", bestSinglePoint.accuracy)
                    json.member("cost_usd", bestSinglePoint.costUSD)
                })
            routing.writeMembers(to: &$0)
            if let cascade { $0.member("cascade", object: { json in cascade.writeMembers(to: &json) }) }
            if let agreement { $0.member("agreement", object: { json in agreement.writeMembers(to: &json) }) }
            if let dayZero { $0.member("day_zero", object: dayZero.writeMembers) }
            if let routed { $0.member("rule", object: routed.writeMembers) }
            if !baselines.isEmpty {
                $0.member(
                    "baselines",
                    object: { json in
                        for (name, figures) in baselines { json.member(name, object: figures.writeMembers) }
                    })
            }
            if let pair { $0.member("pair", object: { json in pair.writeMembers(to: &json) }) }
            $0.member(
                "decision_us",
                object: { json in
                    json.member("p50", decisionP50)
                    json.member("p99", decisionP99)
                })
        }
    }
}

extension CurveFigures {
    /// Writes the members that routing and cascade share.
    func writeMembers(to json: inout JSONWriter) {
        curve.write(to: &json, valueName: "accuracy")
        json.member("aiq", aiq)
        json.member(
            "accuracy_at",
            object: { json in
                json.member("0.25", accuracyAtQuarter)
                json.member("0.5", accuracyAtHalf)
            })
        json.member("cost_ratio_at_best_single", costRatioAtBestSingle)
    }
}

extension PairFigures {
    func writeMembers(to json: inout JSONWriter) {
        for (name, values) in [("apgr", apgr), ("cpt50", cpt50), ("cpt80", cpt80)] {
            json.member(
                name,
                object: { json in
                    for (dataset, value) in values.sorted(by: { $0.key < $1.key }) { json.member(dataset, value) }
                })
        }
    }
}
