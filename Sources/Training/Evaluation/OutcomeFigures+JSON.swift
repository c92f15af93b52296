import Domain
package import JSON

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
    /// Writes the members that routing and cascade have in common.
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
