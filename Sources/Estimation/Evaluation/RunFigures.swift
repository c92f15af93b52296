package import Core

/// How good the predictions on whole runs are, on one suite of recorded runs: design section 5, the part of traces.
package struct RunFigures: Sendable {
    package var suite: String
    package var tasks: Int
    package var models: [String]
    /// By steps taken (0 is the start): the mean over models of the AUC of P(success), and the AUC of each model.
    package var successAUC: [(mean: Double, perModel: [Double?])]
    package var similarityAUC: Double
    package var similarityAccuracy: Double
    package var distanceAccuracy: Double
    /// The mean absolute error of the class of distance (0, 1, 2 or more, never as 3).
    package var distanceError: Double
    package var bestSingle: CostCurve.Point
    package var policy: RestartFigures

    /// Stages of a run that are measured.
    static let stages = 5

    /// - Returns: nil where the profiles know nothing of such runs.
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
        (distanceAccuracy, distanceError) = Self.distances(replay)
        policy = RestartFigures(replay)
        bestSingle = policy.bestSingle
    }

    /// Mean over cheaper models of the share of steps whose class is predicted, and of the class's absolute error.
    private static func distances(_ replay: RunReplay) -> (accuracy: Double, error: Double) {
        let reference = replay.profile.reference
        var accuracies: [Double] = []
        var errors: [Double] = []
        for model in replay.models.indices where model != reference {
            var right = 0.0
            var off = 0.0
            var count = 0.0
            for task in replay.tasks.indices {
                guard let run = replay.runs[task][model], let best = replay.runs[task][reference] else { continue }
                let steps = best.steps.map { RunStep($0) }
                let truth = StepDistance.classes(
                    reference: steps.map { replay.profile.embedding(of: $0) },
                    other: run.steps.map { replay.profile.embedding(of: RunStep($0)) })
                for (place, label) in truth.enumerated() {
                    guard
                        let shares = replay.profile.distances(
                            steps[place], position: place + 1, model: model,
                            start: replay.start[task].map { Float($0) },
                            baseRates: replay.panel.baseRates)
                    else { continue }
                    let guess = shares.indices.max { shares[$0] < shares[$1] } ?? 0
                    right += guess == label ? 1 : 0
                    off += abs(StepDistance.value(ofClass: guess) - StepDistance.value(ofClass: label))
                    count += 1
                }
            }
            if count > 0 {
                accuracies.append(right / count)
                errors.append(off / count)
            }
        }
        return (mean(accuracies), mean(errors))
    }

    private static func mean(_ values: [Double]) -> Double {
        values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
    }
}
