import Domain
import Estimation

/// Trains a run profile: success, progress, similarity to the reference, directions of outputs, distances.
struct RunTrainer: Sendable {
    var seed: UInt64 = 1
    /// Settings for all estimators, which have more rows and fewer words than a panel.
    var panel = PanelTrainer()
    var outputs = OutputPredictorTrainer()

    private static let folds = 5

    /// - Parameter start: the panel trained on the same runs' tasks, in the order of `PanelData(name:runs:)`.
    func train(
        name: String, runs: [TraceRow], start: TrainedPanel, progress: PanelTrainer.Progress = { _, _ in }
    ) -> RunProfile {
        let tasks = RunTasks(runs, models: start.profile.models, folds: Self.folds, seed: seed)
        let models = start.profile.models
        let reference =
            models.indices.max {
                (start.profile.baseRates[$0], $1) < (start.profile.baseRates[$1], $0)
            } ?? 0
        var trainer = panel
        trainer.seed = seed &+ 100
        trainer.vocabularyLimit = 12_000
        trainer.directions = 16
        progress(0, "tasks")
        let (recall, recalled) = TaskRecall.train(
            tasks.grams, targets: tasks.successes.map { row in row + tasks.endings(row, reference: reference) },
            folding: tasks.folding)
        let startMix = startMix(tasks, start, recalled)
        let begin = tasks.order.indices.map { task in
            models.indices.map { model in
                logistic(
                    startMix[0] * RunProfile.odds(start.honest[task, model])
                        + startMix[1] * RunProfile.odds(recalled[task][model]) + startMix[2 + model])
            }
        }
        progress(0.05, "progress")
        // Tens of thousands of rows with one output support larger trees than a panel's.
        var larger = trainer
        larger.grower.rounds *= 2
        larger.grower.depth += 1
        let underWay = larger.train(tasks.progressData(name, begin, start.profile)) { share, stage in
            progress(0.05 + share * 0.45, "progress, " + stage)
        }.profile
        let similarity = trainer.train(tasks.similarityData(name, begin, reference)) { share, stage in
            progress(0.5 + share * 0.1, "similarity, " + stage)
        }
        let similarityMix = similarityMix(tasks, similarity.honest, begin, recalled, start.profile, reference)
        progress(0.6, "outputs")
        let embedder = StepEmbedder.train(tasks.outputs, seed: seed)
        var profile = RunProfile(
            name: name, models: models, reference: reference, recall: recall, startMix: startMix, progress: underWay,
            similarity: similarity.profile, similarityMix: similarityMix, embedder: embedder,
            predictor: OutputPredictor(models: 0, means: [], scales: [], weights: []), usual: [], cosine: [],
            distance: nil, remainingUSD: tasks.remainingUSD)
        let states = RunStates(tasks, profile)
        let (predictor, without) = outputs.train(states.rows, models: models.count, folds: Self.folds)
        profile.predictor = predictor
        let pairs = RunPairs(tasks, states, reference: reference, seed: seed)
        profile.usual = pairs.usual(models: models.count)
        progress(0.7, "similarity of outputs")
        profile.cosine = pairs.cosine(states, without, profile.usual, models: models.count)
        let distances = pairs.distanceData(name, states, without, profile, begin, start.profile.baseRates)
        if distances.count >= 50 {
            trainer.vocabularyLimit = 0
            trainer.directions = 0
            profile.distance =
                trainer.train(distances) { share, stage in
                    progress(0.72 + share * 0.28, "distance, " + stage)
                }.profile
        }
        return profile
    }

    /// Weights of panel and recall, and each model's offset, fitted on out-of-fold estimates.
    private func startMix(_ tasks: RunTasks, _ start: TrainedPanel, _ recalled: [[Float]]) -> [Float] {
        let count = start.profile.models.count
        var x: [[Double]] = []
        var y: [Double] = []
        for task in tasks.order.indices {
            for model in 0..<count {
                guard let success = tasks.successes[task][model] else { continue }
                var row = [Double](repeating: 0, count: count + 2)
                row[0] = Double(RunProfile.odds(start.honest[task, model]))
                row[1] = Double(RunProfile.odds(recalled[task][model]))
                row[2 + model] = 1
                x.append(row)
                y.append(success)
            }
        }
        return RidgeLogistic.fit(
            x, y, mean: [0.5, 0.5] + [Double](repeating: 0, count: count),
            precision: [20, 20] + [Double](repeating: 20, count: count)
        ).map { Float($0) }
    }

    /// Weights of the three components for whether a run ends at least as well as the reference's, and an offset.
    private func similarityMix(
        _ tasks: RunTasks, _ trained: LaneTable, _ begin: [[Float]], _ recalled: [[Float]], _ panel: PanelProfile,
        _ reference: Int
    ) -> [Float] {
        var x: [[Double]] = []
        var y: [Double] = []
        for task in tasks.order.indices {
            let endings = tasks.endings(tasks.successes[task], reference: reference)
            for model in panel.models.indices where model != reference {
                guard let ending = endings[model] else { continue }
                let odds = RunProfile.similarityOdds(
                    trained: trained[task, model], start: begin[task], model: model, reference: reference,
                    couplings: panel.couplings, recalled: recalled[task][panel.models.count + model])
                x.append(odds.map(Double.init) + [1])
                y.append(ending)
            }
        }
        return RidgeLogistic.fit(x, y, mean: [0.33, 0.33, 0.33, 0], precision: [20, 20, 20, 20]).map { Float($0) }
    }
}

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

extension StepEmbedder {
    /// Maximum number of outputs for finding the directions.
    private static let mostTexts = 9000
    private static let vocabularyLimit = 8000

    /// Finds the directions of some outputs; duplicates count once.
    static func train(_ outputs: [String], seed: UInt64) -> StepEmbedder {
        var texts = Array(Set(outputs)).sorted()
        if texts.count > mostTexts {
            var random = SeededGenerator(seed: seed &+ 31)
            texts = Array(texts.shuffled(using: &random).prefix(mostTexts))
        }
        let grams = texts.map { NGrams(of: [$0]) }
        let vocabulary = Vocabulary(of: grams, limit: vocabularyLimit)
        var x = SparseRows(width: vocabulary.count)
        for gram in grams { x.append(vocabulary.row(gram)) }
        let found = PrincipalDirections.find(x, count: dimensions, seed: seed)
        // The singular values: lengths of the texts' coordinates.
        var coordinates = [Lane](repeating: .zero, count: x.count * found.stride)
        x.times(found.lanes, stride: found.stride, rows: Array(0..<x.count), into: &coordinates)
        var squares = [Float](repeating: 0, count: found.width)
        for row in 0..<x.count {
            for column in 0..<found.width {
                let value = coordinates[row * found.stride + column >> 2][column & 3]
                squares[column] += value * value
            }
        }
        // Few texts have fewer directions; the other columns stay zero.
        var columns = LaneTable(rows: vocabulary.count, width: dimensions)
        for column in 0..<min(found.width, dimensions) where squares[column] > 1e-9 {
            let scale = 1 / sqrt(sqrt(squares[column]))
            for row in 0..<vocabulary.count { columns[row, column] = found[row, column] * scale }
        }
        return StepEmbedder(vocabulary: vocabulary, table: GramTable(columns, vocabulary))
    }
}
