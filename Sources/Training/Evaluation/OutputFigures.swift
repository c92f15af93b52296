import Estimation

/// Quality of the predictions of next outputs: the S-L distance and the similarity.
///
/// Each cheaper model is compared with the best one, from the state before the best one's step. Figures are means over
/// the cheaper models.
package struct OutputFigures: Sendable {
    /// The share of steps whose distance class is predicted from the text of the best model's step (HERA's DP).
    package private(set) var distanceAccuracy = 0.0
    /// The same before any call: from the state alone, as in a live decision.
    package private(set) var blindDistanceAccuracy = 0.0
    /// The mean absolute error of the distance class (0, 1, 2 or more, never as 3).
    package private(set) var distanceError = 0.0
    /// The share of steps in each model's most frequent class, the result of a constant guess.
    package private(set) var distanceMajority = 0.0
    /// The AUC of the predicted similarity of the next outputs (SSE) against whether they were similar.
    package private(set) var similarityAUC = 0.0
    /// The share of steps where the prediction is on the right side of 0.5.
    package private(set) var similarityAccuracy = 0.0
    /// Of steps with a predicted similarity above 0.66, the middle of HERA's kappa, the share that were similar. The
    /// next value is the share of such steps among all.
    package private(set) var similarAboveKappa = 0.0
    package private(set) var shareAboveKappa = 0.0

    init(_ replay: RunReplay) {
        let reference = replay.profile.reference
        let width = replay.models.count
        var perModel = [Sums](repeating: Sums(), count: width)
        for task in replay.tasks.indices {
            guard let best = replay.runs[task][reference] else { continue }
            let steps = best.steps.map { RunStep($0) }
            let said = steps.map { replay.profile.embedder.direction($0.output) }
            let readings = steps.indices.map { replay.reading(task: task, after: steps[..<$0]) }
            for model in 0..<width where model != reference {
                guard let run = replay.runs[task][model] else { continue }
                let truth = StepDistance.classes(
                    reference: said, other: run.steps.map { replay.profile.embedder.direction($0.output) })
                for (place, label) in truth.enumerated() {
                    perModel[model].add(
                        readings[place], model, reference, position: place + 1, text: steps[place].output, label: label)
                }
            }
        }
        let known = perModel.filter { !$0.labels.isEmpty }
        if known.isEmpty { return }
        let mean = { (value: (Sums) -> Double) in known.reduce(0) { $0 + value($1) } / Double(known.count) }
        distanceAccuracy = mean { $0.share { $0 == $1 ? 1 : 0 } }
        blindDistanceAccuracy = mean { sums in
            Double(zip(sums.blind, sums.labels).count { $0 == $1 }) / Double(sums.labels.count)
        }
        distanceError = mean { $0.share { abs(StepDistance.value(ofClass: $0) - StepDistance.value(ofClass: $1)) } }
        distanceMajority = mean { sums in
            let counts = (0..<StepDistance.classes).map { place in sums.labels.count { $0 == place } }
            return Double(counts.max() ?? 0) / Double(sums.labels.count)
        }
        let aucs = known.compactMap { RankingMetrics.auc($0.similarities, $0.similar) }
        similarityAUC = aucs.reduce(0, +) / Double(max(aucs.count, 1))
        similarityAccuracy = mean { sums in
            Double(zip(sums.similarities, sums.similar).count { ($0 > 0.5) == ($1 > 0.5) })
                / Double(sums.labels.count)
        }
        let all = (predicted: known.flatMap(\.similarities), true: known.flatMap(\.similar))
        let above = all.predicted.indices.filter { all.predicted[$0] > 0.66 }
        shareAboveKappa = Double(above.count) / Double(all.predicted.count)
        similarAboveKappa = above.reduce(0) { $0 + all.true[$1] } / Double(max(above.count, 1))
    }

    /// Predictions for one model with the true values.
    private struct Sums {
        var guesses: [Int] = []
        var blind: [Int] = []
        var labels: [Int] = []
        var similarities: [Double] = []
        var similar: [Double] { labels.map { $0 == 0 ? 1 : 0 } }

        mutating func add(
            _ reading: RunReading, _ model: Int, _ reference: Int, position: Int, text: String, label: Int
        ) {
            guard let shares = reading.distances(of: model, to: reference, position: position, text: text),
                let unseen = reading.distances(of: model, to: reference, position: position)
            else { return }
            guesses.append(Self.likeliest(shares))
            blind.append(Self.likeliest(unseen))
            labels.append(label)
            similarities.append(reading.similarity(of: model, ahead: 0, to: reference, ahead: 0))
        }

        private static func likeliest(_ shares: [Float]) -> Int { shares.indices.max { shares[$0] < shares[$1] } ?? 0 }

        /// The mean of a function of guess and label.
        func share(_ value: (Int, Int) -> Double) -> Double {
            zip(guesses, labels).reduce(0) { $0 + value($1.0, $1.1) } / Double(labels.count)
        }
    }
}
