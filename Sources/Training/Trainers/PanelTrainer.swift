import Domain
import Estimation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Trains the profile of a panel of models.
///
/// The linear scores in the forest's training data are out of fold: each comes from a regression fitted without its
/// row. So the forest learns how far such a score can be trusted (stacking, Wolpert 1992). Calibration is fitted on
/// out-of-fold log-odds of the forest in the same way.
struct PanelTrainer: Sendable {
    var seed: UInt64 = 1
    /// Number of latent directions.
    var directions = 48
    /// Maximum size of the vocabulary.
    var vocabularyLimit = 40_000
    var folds = 5
    /// Number of averaged forests with different seeds.
    var forests = 2
    /// Weight of a row's kind against a model's outcome, where kinds help.
    var kindShare: Float = 3
    var logistic = SparseLogistic()
    var grower = TreeGrower()

    /// Reports progress. The share is a rough estimate.
    typealias Progress = (_ share: Double, _ stage: String) -> Void

    func train(_ data: PanelData, progress: Progress = { _, _ in }) -> TrainedPanel {
        let all = Array(0..<data.count)
        progress(0, "n-grams")
        let grams = data.texts
        let counts = data.counts
        let vocabulary = Vocabulary(of: grams, limit: vocabularyLimit)
        var x = SparseRows(width: vocabulary.count)
        for gram in grams { x.append(vocabulary.row(gram)) }

        progress(0.05, "directions")
        let latent = PrincipalDirections.find(x, count: directions, seed: seed)

        var logistic = logistic
        logistic.penalty *= Self.penaltyShare(data.count)
        let folding = folding(data.groups)
        let width = data.models.count
        let stride = data.targets.scores.stride
        var outOfFold = LaneTable(rows: data.count, width: width)
        for fold in 0..<folds {
            progress(0.15 + 0.08 * Double(fold), "linear, part \(fold + 1) of \(folds)")
            let weights = logistic.fit(x, data.targets, rows: all.filter { folding[$0] != fold })
            let rows = all.filter { folding[$0] == fold }
            var z = [Lane](repeating: .zero, count: rows.count * stride)
            x.times(weights, stride: stride, rows: rows, into: &z)
            for (position, row) in rows.enumerated() {
                for lane in 0..<stride {
                    outOfFold.lanes[row * stride + lane] =
                        z[position * stride + lane] + weights[x.width * stride + lane]
                }
            }
        }
        progress(0.55, "linear, all")
        let weights = logistic.fit(x, data.targets, rows: all)

        var columns = LaneTable(rows: vocabulary.count, width: width + latent.width)
        for row in 0..<vocabulary.count {
            for model in 0..<width { columns[row, model] = weights[row * stride + model >> 2][model & 3] }
            for direction in 0..<latent.width { columns[row, width + direction] = latent[row, direction] }
        }
        let table = GramTable(columns, vocabulary)
        let intercepts = (0..<width).map { weights[x.width * stride + $0 >> 2][$0 & 3] }

        progress(0.65, "forest")
        var dense: [[Float]] = []
        for row in all {
            var features = counts[row] + table.scores(grams[row], vocabulary)[width...]
            let scores = outOfFold.row(row)
            features += scores
            features.append(scores.reduce(0, +) / Float(width))
            dense.append(features)
        }
        let start = (0..<width).map { Float(logit(data.targets.mean(of: $0, rows: all))) }
        let bins = BinnedTable(dense, rows: all)
        var (chosen, calibrated) = (data.targets, calibrate(data, data.targets, dense, bins, folding, progress))
        if let shared = sharedTargets(data) {
            let other = calibrate(data, shared, dense, bins, folding, progress)
            if other.loss < calibrated.loss { (chosen, calibrated) = (shared, other) }
        }
        let forest = Forest.average(
            (0..<forests).map { round in
                progress(0.85 + 0.1 * Double(round) / Double(forests), "forest \(round + 1) of \(forests)")
                return grow(bins, chosen, rows: all, width: width, round: round)
            })
        progress(0.97, "lengths")
        let profile = PanelProfile(
            name: data.name, models: data.models, countFeatures: counts.first?.count ?? 0,
            counts: (0..<width).map { model in all.reduce(0) { $0 + Int32(data.targets.known[$1, model]) } },
            baseRates: (0..<width).map { Float(data.targets.mean(of: $0, rows: all)) }, vocabulary: vocabulary,
            table: table, intercepts: intercepts, start: start, forest: forest, calibrations: calibrated.calibrations,
            couplings: couplings(data, calibrated.honest),
            worth: 30 + Float(data.count).squareRoot(), outputTokens: .fit(dense, data.outputTokens),
            costUSD: .fit(dense, data.costUSD), seconds: .fit(dense, data.seconds))
        return TrainedPanel(profile: profile, honest: calibrated.honest)
    }

    /// More rows need a smaller penalty: chosen on validation rows, 1e-3 up to 2,000 rows and 3e-4 at 8,500.
    private static func penaltyShare(_ rows: Int) -> Float {
        rows <= 2000 ? 1 : Float(pow(2000 / Double(rows), 0.8))
    }

    /// The fold of each row.
    private func folding(_ groups: [Int]) -> [Int] {
        var random = SeededGenerator(seed: seed &+ 77)
        let count = (groups.max() ?? 0) + 1
        let byGroup = (0..<count).map { $0 % folds }.shuffled(using: &random)
        return groups.map { byGroup[$0] }
    }

    /// Trees for the first `width` columns of the targets. The other columns only affect the choice of splits.
    private func grow(_ bins: BinnedTable, _ targets: Targets, rows: [Int], width: Int, round: Int) -> Forest {
        var grower = grower
        // Few rows support few trees.
        grower.rounds = min(grower.rounds, max(rows.count, 20))
        grower.seed = seed &* 31 &+ UInt64(round)
        let start = (0..<targets.scores.width).map { Float(logit(targets.mean(of: $0, rows: rows))) }
        return grower.grow(bins, targets, rows: rows, start: start).trimmed(to: width)
    }

    /// The models' targets, extended by the rows' kinds as auxiliary targets (auxiliary tasks, Caruana 1997).
    ///
    /// The forest then chooses splits that separate kinds. Nil where the rows have no kinds.
    private func sharedTargets(_ data: PanelData) -> Targets? {
        guard let last = data.kinds.max() else { return nil }
        let first = data.targets.scores.stride * 4
        var shared = Targets(rows: data.count, width: first + last + 1)
        for row in 0..<data.count {
            for model in data.models.indices {
                shared.scores[row, model] = data.targets.scores[row, model]
                shared.known[row, model] = data.targets.known[row, model]
            }
            for kind in 0...last {
                shared.scores[row, first + kind] = data.kinds[row] == kind ? 1 : 0
                shared.known[row, first + kind] = kindShare
            }
        }
        return shared
    }

    /// Fits every model's calibration on log-odds of forests that did not see the row.
    ///
    /// `honest` are the resulting probabilities, and `loss` their mean log loss.
    private func calibrate(
        _ data: PanelData, _ targets: Targets, _ dense: [[Float]], _ bins: BinnedTable, _ folding: [Int],
        _ progress: Progress
    ) -> (calibrations: [Calibration], honest: LaneTable, loss: Double) {
        var scores = LaneTable(rows: data.count, width: data.models.count)
        for fold in 0..<folds {
            progress(0.68 + 0.03 * Double(fold), "calibration, part \(fold + 1) of \(folds)")
            let rows = (0..<data.count).filter { folding[$0] != fold }
            let start = data.models.indices.map { Float(logit(data.targets.mean(of: $0, rows: rows))) }
            let forest = grow(bins, targets, rows: rows, width: data.models.count, round: 0)
            for row in 0..<data.count where folding[row] == fold {
                var sums = [Lane](repeating: .zero, count: forest.stride)
                for (model, value) in start.enumerated() { sums[model >> 2][model & 3] = value }
                dense[row].withUnsafeBufferPointer { dense in
                    sums.withUnsafeMutableBufferPointer { forest.add(dense, to: $0) }
                }
                for lane in 0..<forest.stride { scores.lanes[row * forest.stride + lane] = sums[lane] }
            }
        }
        let calibrations = data.models.indices.map { model in
            let known = (0..<data.count).filter { data.targets.known[$0, model] > 0 }
            return Calibration.fit(
                known.map { scores[$0, model] }, known.map { data.targets.scores[$0, model] })
        }
        var loss = 0.0
        var count = 0.0
        for row in 0..<data.count {
            for model in data.models.indices {
                let p = calibrations[model].probability(scores[row, model])
                scores[row, model] = p
                guard data.targets.known[row, model] > 0 else { continue }
                let y = Double(data.targets.scores[row, model])
                let q = min(max(Double(p), 1e-6), 1 - 1e-6)
                loss -= y * log(q) + (1 - y) * log(1 - q)
                count += 1
            }
        }
        return (calibrations, scores, loss / max(count, 1))
    }

    /// For every pair, the position of its observed joint errors between independence and nesting.
    private func couplings(_ data: PanelData, _ probabilities: LaneTable) -> [Float] {
        var result: [Float] = []
        for model in data.models.indices {
            for reference in data.models.indices {
                var independent: Float = 0
                var nested: Float = 0
                var observed: Float = 0
                for row in 0..<data.count {
                    guard data.targets.known[row, model] * data.targets.known[row, reference] > 0 else { continue }
                    let p = probabilities[row, model]
                    let r = probabilities[row, reference]
                    independent += r * (1 - p)
                    nested += max(0, r - p)
                    observed += max(0, data.targets.scores[row, reference] - data.targets.scores[row, model])
                }
                let span = independent - nested
                result.append(span > 1e-3 ? min(max((independent - observed) / span, 0), 1) : 0)
            }
        }
        return result
    }
}

/// A trained profile with out-of-fold predictions.
struct TrainedPanel: Sendable {
    var profile: PanelProfile
    /// The probability of every training row and model from forests that did not see the row.
    var honest: LaneTable
}
