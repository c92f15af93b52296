import Domain
package import Estimation
package import JSON

/// Quality of the predictions on whole runs, on one suite of recorded runs.
package struct RunFigures: Sendable {
    package var suite: String
    package var tasks: Int
    package var models: [String]
    /// By steps taken (0 is the start): the mean over models of the AUC of P(success), and the AUC of each model.
    package var successAUC: [(mean: Double, perModel: [Double?])]
    package var similarityAUC: Double
    package var similarityAccuracy: Double
    /// Predictions of next outputs.
    package var outputs: OutputFigures
    package var bestSingle: CostCurve.Point
    package var policy: RestartFigures

    /// Measured stages of a run.
    static let stages = 5

    /// - Returns: nil where the profiles know no such runs.
    package init?(suite: String, runs: [TraceRow], profiles: ProfileSet) {
        guard let replay = RunReplay(suite: suite, runs: runs, profiles: profiles) else { return nil }
        self.init(replay)
    }

    init(_ replay: RunReplay) {
        suite = replay.suite
        tasks = replay.tasks.count
        models = replay.models
        successAUC = (0...Self.stages).map { taken in
            let perModel = replay.models.indices.map { model -> Double? in
                let known = replay.tasks.indices.filter { replay.runs[$0][model] != nil }
                return RankingMetrics.auc(
                    known.map { replay.success(task: $0, model: model, after: taken) },
                    known.map { replay.runs[$0][model]?.success ?? 0 })
            }
            return (Self.mean(perModel.compactMap { $0 }), perModel)
        }
        let reference = replay.profile.reference
        var aucs: [Double] = []
        var accuracies: [Double] = []
        for model in replay.models.indices where model != reference {
            var predicted: [Double] = []
            var labels: [Double] = []
            for task in replay.tasks.indices {
                guard let run = replay.runs[task][model], let best = replay.runs[task][reference] else { continue }
                predicted.append(replay.similarity[task][model])
                labels.append(run.success >= best.success ? 1 : 0)
            }
            if let auc = RankingMetrics.auc(predicted, labels) { aucs.append(auc) }
            accuracies.append(Self.mean(zip(predicted, labels).map { ($0 >= 0.5) == ($1 >= 0.5) ? 1 : 0 }))
        }
        similarityAUC = Self.mean(aucs)
        similarityAccuracy = Self.mean(accuracies)
        outputs = OutputFigures(replay)
        policy = RestartFigures(replay)
        bestSingle = policy.bestSingle
    }

    private static func mean(_ values: [Double]) -> Double {
        values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
    }
}

extension RunFigures {
    /// Writes the figures as an object of the evaluation contract.
    package func write(to json: inout JSONWriter) {
        json.object {
            $0.member("suite", suite)
            $0.member("tasks", tasks)
            $0.member("models", models.count)
            $0.member("success_auc", object: writeSuccess)
            $0.member(
                "urc",
                object: { json in
                    json.member("auc", similarityAUC)
                    json.member("accuracy", similarityAccuracy)
                })
            $0.member(
                "distance",
                object: { json in
                    json.member("accuracy", outputs.distanceAccuracy)
                    json.member("mae", outputs.distanceError)
                    json.member("blind_accuracy", outputs.blindDistanceAccuracy)
                    json.member("majority", outputs.distanceMajority)
                })
            $0.member(
                "similarity",
                object: { json in
                    json.member("auc", outputs.similarityAUC)
                    json.member("accuracy", outputs.similarityAccuracy)
                    json.member("above_kappa", outputs.shareAboveKappa)
                    json.member("similar_above_kappa", outputs.similarAboveKappa)
                })
            $0.member("policy", object: policy.writeMembers)
        }
    }

    private func writeSuccess(_ json: inout JSONWriter) {
        for (taken, auc) in successAUC.enumerated() {
            json.member(taken == 0 ? "start" : "after_\(taken)", auc.mean)
        }
        json.member(
            "per_model",
            object: { json in
                for (model, name) in models.enumerated() {
                    json.member(
                        name,
                        object: { json in
                            for (taken, auc) in successAUC.enumerated() {
                                json.member(taken == 0 ? "start" : "after_\(taken)", auc.perModel[model])
                            }
                        })
                }
            })
    }
}
