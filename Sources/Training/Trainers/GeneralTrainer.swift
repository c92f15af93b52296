import Domain
import Estimation

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
        let line = PairMoments(Array(zip(honest, truth))).line(usual: 1, in: 0.5...2.5)
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
