import Domain
package import Estimation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Trains the difficulty of texts: a logistic regression of difficulty on n-grams and surface counts.
///
/// Authored prompts give today's kinds of text, recorded rows give texts with measured difficulty. A soft target in 0...1
/// stands for a difficulty; its log-odds are (difficulty - 125) / 25.
struct GeneralTrainer: Sendable {
    var seed: UInt64 = 1
    var vocabularyLimit = 30_000
    /// Penalty of the squares of the weights.
    var penalty: Float = 5e-5
    /// Weight of a surface count in deviations against an n-gram.
    var countScale: Float = 0.2
    /// Total weight of a suite of recorded rows, in authored prompts.
    var suiteWeight: Float = 120
    /// Weight of a rewording, in authored prompts.
    var variantWeight: Float = 0.5
    var folds = 5
    var iterations = 60

    /// Log-odds for one point of ability on a text of known difficulty: the mean of the panels' slopes.
    static let exactSlope = 0.11
    /// The part of the residuals of difficulty that is taken for the text's own. The rest is the author's error.
    static let textShare = 0.6
    static let ceiling: Float = 0.985
    private static let quantiles = 16

    /// Texts with their difficulties.
    struct Material {
        var grams: [NGrams] = []
        var counts: [[Float]] = []
        var difficulties: [Double] = []
        var weights: [Float] = []
        /// The first rows are authored prompts and their rewordings; texts of one group stay in one fold.
        var groups: [Int] = []
        /// The rows of the prompts as they were authored, in order.
        var originals: [Int] = []
        var authored: Int { groups.count }
    }

    /// The model with its figures on texts that it was not fitted on.
    struct Trained {
        var general: GeneralAbility
        /// By authored prompt, its difficulty by the model of the other folds.
        var honest: [Double]
    }

    func material(_ prompts: [AuthoredPrompt], levels: [LevelRow]) -> Material {
        var material = Material()
        var groups: [String: Int] = [:]
        var random = SeededGenerator(seed: seed &+ 43)
        for prompt in prompts {
            let root = prompt.sameAs ?? prompt.id
            let group = groups[root] ?? groups.count
            groups[root] = group
            material.originals.append(material.groups.count)
            material.groups.append(group)
            add(prompt.text, prompt.difficulty, weight: 1, to: &material)
            for variant in Rewording.variants(of: prompt.text.prompt, using: &random) {
                var text = prompt.text
                text.prompt = variant
                material.groups.append(group)
                add(text, prompt.difficulty, weight: variantWeight, to: &material)
            }
        }
        for (_, rows) in Dictionary(grouping: levels, by: \.suite).sorted(by: { $0.key < $1.key }) {
            for row in rows {
                add(row.text, row.difficulty, weight: min(1, suiteWeight / Float(rows.count)), to: &material)
            }
        }
        return material
    }

    private func add(_ text: StepText, _ difficulty: Double, weight: Float, to material: inout Material) {
        material.grams.append(NGrams(of: text.estimatedTexts))
        material.counts.append(SurfaceCounts.vector(of: text))
        material.difficulties.append(difficulty)
        material.weights.append(weight)
    }

    func train(_ prompts: [AuthoredPrompt], levels: [LevelRow]) -> Trained {
        let material = material(prompts, levels: levels)
        let all = Array(material.grams.indices)
        var random = SeededGenerator(seed: seed &+ 41)
        let groupCount = (material.groups.max() ?? 0) + 1
        let folding = (0..<groupCount).map { $0 % folds }.shuffled(using: &random)
        var honest = [Double](repeating: 0, count: material.authored)
        for fold in 0..<folds {
            let model = fit(
                material, rows: all.filter { $0 >= material.authored || folding[material.groups[$0]] != fold })
            for row in 0..<material.authored where folding[material.groups[row]] == fold {
                honest[row] = model.difficulty(material.grams[row], material.counts[row])
            }
        }
        var general = fit(material, rows: all)
        let truth = Array(material.difficulties[..<material.authored])
        let line = Self.line(honest, truth)
        // Shrinkage pulls every difficulty to the mean; the line takes that back.
        general.stretch(offset: line.offset, slope: line.slope)
        honest = honest.map { line.offset + line.slope * $0 }
        let squares = zip(honest, truth).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        let residual = (squares / Double(max(honest.count, 1))).squareRoot() * Self.textShare
        let flat = Self.exactSlope * residual
        general.slope = Float(Self.exactSlope / (1 + Double.pi / 8 * flat * flat).squareRoot())
        let sorted = honest.sorted()
        general.usual = (0..<Self.quantiles).map {
            Float(sorted[(2 * $0 + 1) * sorted.count / (2 * Self.quantiles)])
        }
        return Trained(general: general, honest: material.originals.map { honest[$0] })
    }

    /// Least squares of the truth on the estimates.
    static func line(_ estimates: [Double], _ truth: [Double]) -> (offset: Double, slope: Double) {
        let count = Double(max(truth.count, 1))
        let x = estimates.reduce(0, +) / count
        let y = truth.reduce(0, +) / count
        var xx = 0.0
        var xy = 0.0
        for (estimate, value) in zip(estimates, truth) {
            xx += (estimate - x) * (estimate - x)
            xy += (estimate - x) * (value - y)
        }
        let slope = xx > 0 ? min(max(xy / xx, 0.5), 2.5) : 1
        return (y - slope * x, slope)
    }

    /// Fits the regression on some rows.
    private func fit(_ material: Material, rows: [Int]) -> GeneralAbility {
        let vocabulary = Vocabulary(of: rows.map { material.grams[$0] }, limit: vocabularyLimit)
        let (means, scales) = Self.moments(rows.map { material.counts[$0] })
        var x = SparseRows(width: vocabulary.count + means.count)
        var targets = Targets(rows: rows.count, width: 1)
        for (place, row) in rows.enumerated() {
            let known = GeneralAbility.standardized(material.counts[row], means: means, scales: scales)
            x.append(
                vocabulary.row(material.grams[row])
                    + known.enumerated().map {
                        (column: Int32(vocabulary.count + $0.offset), value: $0.element * countScale)
                    })
            let score = (material.difficulties[row] - Double(GeneralAbility.centre)) / Double(GeneralAbility.spread)
            targets.set(place, 0, logistic(score))
            targets.known[place, 0] = material.weights[row]
        }
        var logistic = SparseLogistic()
        logistic.penalty = penalty
        logistic.iterations = iterations
        let weights = logistic.fit(x, targets, rows: Array(rows.indices))
        var columns = LaneTable(rows: vocabulary.count, width: 1)
        for row in 0..<vocabulary.count { columns[row, 0] = weights[row][0] }
        return GeneralAbility(
            vocabulary: vocabulary, table: GramTable(columns, vocabulary), means: means, scales: scales,
            weights: means.indices.map { weights[vocabulary.count + $0][0] * countScale },
            intercept: weights[x.width][0], slope: 0.1, ceiling: Self.ceiling, usual: [])
    }

    /// By count, the mean and the inverse of the deviation over some texts.
    private static func moments(_ counts: [[Float]]) -> (means: [Float], scales: [Float]) {
        let width = counts.first?.count ?? 0
        let size = Float(max(counts.count, 1))
        var means = [Float](repeating: 0, count: width)
        var squares = means
        for row in counts {
            for column in 0..<width {
                means[column] += row[column] / size
                squares[column] += row[column] * row[column] / size
            }
        }
        let scales = (0..<width).map { column in
            1 / max((max(0, squares[column] - means[column] * means[column])).squareRoot(), 0.05)
        }
        return (means, scales)
    }
}

/// How well difficulties of prompts are estimated by models that were not fitted on them.
package struct DifficultyFigures: Sendable, CustomStringConvertible {
    /// Correlation of estimated and judged difficulty.
    package var correlation: Double
    /// Root of the mean square of the difference, in points.
    package var error: Double
    /// The same by kind of prompt.
    package var errorByKind: [String: Double]
    /// The mean difference between a prompt and the same in other words, in points, and its 90 % quantile.
    package var rewording: (mean: Double, p90: Double)
    /// Log-odds for one point of ability.
    package var slope: Double

    init(_ trained: GeneralTrainer.Trained, _ prompts: [AuthoredPrompt]) {
        let truth = prompts.map(\.difficulty)
        let count = Double(max(prompts.count, 1))
        let x = trained.honest.reduce(0, +) / count
        let y = truth.reduce(0, +) / count
        var (xx, yy, xy) = (0.0, 0.0, 0.0)
        for (estimate, value) in zip(trained.honest, truth) {
            xx += (estimate - x) * (estimate - x)
            yy += (value - y) * (value - y)
            xy += (estimate - x) * (value - y)
        }
        correlation = xx * yy > 0 ? xy / (xx * yy).squareRoot() : 0
        func error(_ rows: [Int]) -> Double {
            let squares = rows.reduce(0.0) {
                $0 + (trained.honest[$1] - truth[$1]) * (trained.honest[$1] - truth[$1])
            }
            return (squares / Double(max(rows.count, 1))).squareRoot()
        }
        self.error = error(Array(prompts.indices))
        errorByKind = Dictionary(grouping: prompts.indices) { prompts[$0].kind }.mapValues(error)
        let places = Dictionary(zip(prompts.map(\.id), prompts.indices)) { first, _ in first }
        let differences = prompts.indices.compactMap { row -> Double? in
            guard let other = prompts[row].sameAs.flatMap({ places[$0] }) else { return nil }
            return abs(trained.honest[row] - trained.honest[other])
        }
        rewording = (
            differences.reduce(0, +) / Double(max(differences.count, 1)), RankingMetrics.quantile(differences, 0.9)
        )
        slope = Double(trained.general.slope)
    }

    /// The figures in one sentence.
    package var description: String {
        let kinds = errorByKind.sorted { $0.key < $1.key }.map { "\($0.key) \(TextTable.fixed($0.value, 0))" }
        return """
            difficulty of prompts, by models that did not see them: correlation \(TextTable.fixed(correlation, 2)), off by \
            \(TextTable.fixed(error, 1)) points (\(kinds.joined(separator: ", "))); in other words off by \
            \(TextTable.fixed(rewording.mean, 1)), nine of ten below \(TextTable.fixed(rewording.p90, 1)); \
            \(TextTable.fixed(slope, 3)) log-odds a point
            """
    }
}

/// A text with a difficulty measured by the models that answered it.
struct LevelRow: Sendable {
    var suite: String
    var text: StepText
    /// Points of ability.
    var difficulty: Double

    /// The standard deviation of difficulties within a suite, in points.
    private static let spread = 20.0

    /// The expected difficulty of every training row, from its outcomes and the models' abilities.
    ///
    /// Within a suite, difficulties are normal around a mean which is fitted.
    static func rows(_ rows: [OutcomeRow], abilities: [String: Ability], ceiling: Double) -> [LevelRow] {
        let grid = Array(stride(from: 40.0, through: 200, by: 2))
        let likelihoods = rows.map { row in
            grid.map { difficulty in
                row.outcomes.sorted { $0.key < $1.key }.reduce(0.0) { sum, outcome in
                    guard let ability = abilities[outcome.key] else { return sum }
                    let p = ceiling * logistic(GeneralTrainer.exactSlope * (ability.points - difficulty))
                    return sum + outcome.value.score * log(p) + (1 - outcome.value.score) * log(1 - p)
                }
            }
        }
        var mean = 120.0
        var difficulties = [Double](repeating: mean, count: rows.count)
        for _ in 0..<6 {
            for (row, likelihood) in likelihoods.enumerated() {
                let odds = zip(grid, likelihood).map { $1 - ($0 - mean) * ($0 - mean) / (2 * spread * spread) }
                let most = odds.max() ?? 0
                let weights = odds.map { exp($0 - most) }
                difficulties[row] = zip(grid, weights).reduce(0) { $0 + $1.0 * $1.1 } / weights.reduce(0, +)
            }
            mean = difficulties.reduce(0, +) / Double(max(difficulties.count, 1))
        }
        return zip(rows, difficulties).map { LevelRow(suite: $0.suite, text: $0.text, difficulty: $1) }
    }
}
