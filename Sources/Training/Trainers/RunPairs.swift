import Domain
import Estimation

/// Aligned runs of the same task by two models.
struct RunPairs: Sendable {
    /// A run of a reference, aligned with a run of another model.
    struct Pair: Sendable {
        var task: Int
        var model: Int
        var reference: Int
        /// By step of the reference: the class of its S-L distance, and the other model's step that it is counted from.
        var classes: [Int]
        var from: [Int]
    }

    /// All ordered pairs.
    private(set) var all: [Pair] = []
    /// The pairs for fitting: all with the suite's reference, and about as many others.
    private(set) var fitted: [Int] = []

    /// Look-aheads for fitting the calibrated cosine: of the model, of the reference.
    private static let aheads = [(0, 0), (1, 0), (2, 0), (1, 1), (2, 1), (2, 2), (3, 3), (4, 4)]
    /// Cosine thresholds of the ordinal regression.
    private static let thresholds: [Float] = [0.5, 0.65, 0.8]
    private static let mostRows = 6000

    init(_ tasks: RunTasks, _ states: RunStates, reference best: Int, seed: UInt64) {
        var random = SeededGenerator(seed: seed &+ 55)
        let count = tasks.models.count
        for task in tasks.order.indices {
            for reference in 0..<count where !states.directions[task][reference].isEmpty {
                for model in 0..<count where model != reference && !states.directions[task][model].isEmpty {
                    let (classes, from) = StepDistance.alignment(
                        reference: states.directions[task][reference], other: states.directions[task][model])
                    if reference == best || random.unit() < 1 / Double(max(count - 1, 1)) { fitted.append(all.count) }
                    all.append(Pair(task: task, model: model, reference: reference, classes: classes, from: from))
                }
            }
        }
    }

    /// Row m, column r: the log-odds that m's aligned output is similar to r's. Rare pairs are shrunk to the mean.
    func usual(models: Int) -> [Float] {
        var similar = [Double](repeating: 0, count: models * models)
        var steps = similar
        for pair in all {
            let place = pair.model * models + pair.reference
            similar[place] += Double(pair.classes.count { $0 == 0 })
            steps[place] += Double(pair.classes.count)
        }
        let mean = (similar.reduce(0, +) + 1) / (steps.reduce(0, +) + 2)
        return similar.indices.map { Float(logit((similar[$0] + 10 * mean) / (steps[$0] + 10))) }
    }

    /// The weights of `PairReading.features` whose sum is the median of the true cosine.
    ///
    /// Ordinal regression (proportional odds, McCullagh 1980): logit P(cosine > t) = w . x - b t for several thresholds
    /// t at once. The median is where that is 0, at w . x / b. A missing output has the cosine -1.
    /// - Parameter without: predictors fitted without a fold's tasks, by fold.
    func cosine(_ states: RunStates, _ without: [OutputPredictor], _ usual: [Float], models: Int) -> [Double] {
        var x: [[Double]] = []
        var y: [Double] = []
        let share = Double(Self.mostRows) / Double(max(fitted.reduce(0) { $0 + all[$1].classes.count }, 1))
        var random = SeededGenerator(seed: 9)
        for index in fitted {
            let pair = all[index]
            let said = (
                model: states.directions[pair.task][pair.model], reference: states.directions[pair.task][pair.reference]
            )
            guard let first = states.first[pair.task][pair.reference] else { continue }
            for step in pair.classes.indices where random.unit() < share {
                let row = states.rows[first + step]
                let means = Self.means(row, without[row.fold], pair)
                for (ahead, others) in Self.aheads {
                    let a = pair.from[step] + ahead
                    let b = step + others
                    let cosine =
                        a < said.model.count && b < said.reference.count
                        ? StepDistance.cosine(said.model[a], said.reference[b]) : -1
                    let features = PairReading.features(
                        means.model[ahead], ahead: ahead, means.reference[others], ahead: others,
                        usual: usual[pair.model * models + pair.reference])
                    for threshold in Self.thresholds {
                        x.append(features + [-Double(threshold)])
                        y.append(cosine > threshold ? 1 : 0)
                    }
                }
            }
        }
        let fit = RidgeLogistic.fit(
            x, y, mean: [0, 4, 0, 0, 0, 0, 0, 6], precision: [Double](repeating: 1, count: PairReading.count + 1))
        return fit.dropLast().map { $0 / max(fit[PairReading.count], 1) }
    }

    /// The states before the reference's steps, with the class of each one's distance.
    ///
    /// Every other state knows the text of the reference's step.
    func distanceData(
        _ name: String, _ states: RunStates, _ without: [OutputPredictor], _ profile: RunProfile, _ begin: [[Float]],
        _ baseRates: [Float]
    ) -> PanelData {
        var counts: [[Float]] = []
        var groups: [Int] = []
        var labels: [Int] = []
        for index in fitted {
            let pair = all[index]
            guard let first = states.first[pair.task][pair.reference] else { continue }
            for (step, label) in pair.classes.enumerated() {
                let row = states.rows[first + step]
                counts.append(
                    profile.distanceCounts(
                        Self.means(row, without[row.fold], pair),
                        text: labels.count % 2 == 0 ? states.directions[pair.task][pair.reference][step] : nil,
                        history: states.histories[first + step], position: step + 1, model: pair.model,
                        reference: pair.reference, start: begin[pair.task],
                        baseRates: baseRates))
                groups.append(pair.task)
                labels.append(label)
            }
        }
        let nothing = NGrams(of: [])
        var data = PanelData(
            name: name, models: ["0", "1", "2+", "never"], texts: labels.map { _ in nothing }, counts: counts,
            groups: groups)
        for (row, label) in labels.enumerated() {
            for place in 0..<StepDistance.classes { data.targets.set(row, place, place == label ? 1 : 0) }
        }
        return data
    }

    private static func means(
        _ row: OutputPredictorTrainer.Row, _ predictor: OutputPredictor, _ pair: Pair
    ) -> (model: [ExpectedDirection], reference: [ExpectedDirection]) {
        let state = predictor.standardized(row.state)
        let ahead = 0..<OutputPredictor.horizons
        return (
            ahead.map { predictor.mean(state, model: pair.model, ahead: $0) },
            ahead.map { predictor.mean(state, model: pair.reference, ahead: $0) }
        )
    }
}
