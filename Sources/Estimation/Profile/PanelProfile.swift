/// What was learned of some models that answered the same queries.
///
/// A text goes through four stages: n-grams to linear scores and latent directions (`GramTable`); these and the surface
/// counts to a dense vector; the dense vector through the forest to one log-odds a model; calibration to a probability.
package struct PanelProfile: Sendable {
    package var name: String
    /// The names of the models, as they stand in the data.
    package var models: [String]
    /// Numbers in a text's counts.
    package var countFeatures: Int
    /// Training rows, by model.
    package var counts: [Int32]
    /// The share of good answers on the training rows, by model.
    package var baseRates: [Float]
    var vocabulary: Vocabulary
    package var table: GramTable
    /// Added to the models' linear scores.
    var intercepts: [Float]
    /// Log-odds before the first tree, by model.
    var start: [Float]
    var forest: Forest
    var calibrations: [Calibration]
    /// How strongly the errors of two models go together, 0...1: row m, column r for m against the reference r.
    package var couplings: [Float]
    /// Rows that a prediction is worth: its variance is p (1 - p) / (worth + 1).
    var worth: Float
    package var outputTokens: LinearHead
    package var costUSD: LinearHead
    var seconds: LinearHead
    /// Models that were inferred from few answers; they are numbered behind the panel's own, and kept in files of their own.
    package var derived: [DerivedModel] = []

    package init(
        name: String, models: [String], countFeatures: Int, counts: [Int32], baseRates: [Float], vocabulary: Vocabulary,
        table: GramTable, intercepts: [Float], start: [Float], forest: Forest, calibrations: [Calibration],
        couplings: [Float], worth: Float, outputTokens: LinearHead, costUSD: LinearHead, seconds: LinearHead,
        derived: [DerivedModel] = []
    ) {
        self.name = name
        self.models = models
        self.countFeatures = countFeatures
        self.counts = counts
        self.baseRates = baseRates
        self.vocabulary = vocabulary
        self.table = table
        self.intercepts = intercepts
        self.start = start
        self.forest = forest
        self.calibrations = calibrations
        self.couplings = couplings
        self.worth = worth
        self.outputTokens = outputTokens
        self.costUSD = costUSD
        self.seconds = seconds
        self.derived = derived
    }

    /// A model's share of good answers on the training questions.
    func baseRate(_ model: Int) -> Float {
        model < models.count ? baseRates[model] : derived[model - models.count].baseRate
    }

    /// The measured model whose lengths and couplings a model has, and how many times its tokens and dollars it takes.
    func measured(_ model: Int) -> (model: Int, tokens: Double, dollars: Double) {
        if model < models.count { return (model, 1, 1) }
        let derived = derived[model - models.count]
        return (derived.like, Double(derived.tokenRatio), Double(derived.costRatio))
    }

    /// A text's dense vector: surface counts, latent directions, the models' linear scores and their mean.
    package func dense(_ grams: NGrams, _ counts: [Float]) -> [Float] {
        let scores = table.scores(grams, vocabulary)
        var dense = Array(counts.prefix(countFeatures))
        dense.reserveCapacity(counts.count + scores.count + 1)
        dense += scores[models.count...]
        var sum: Float = 0
        for model in models.indices {
            let score = scores[model] + intercepts[model]
            dense.append(score)
            sum += score
        }
        dense.append(sum / Float(max(models.count, 1)))
        return dense
    }

    /// Every model's probability of a good answer, by the model's place; derived models last.
    package func probabilities(_ dense: [Float]) -> [Float] {
        let scores = logOdds(dense)
        let own = models.indices.map { calibrations[$0].probability(scores[$0]) }
        return derived.isEmpty ? own : own + derived.map { $0.probability(own) }
    }

    /// Every model's log-odds before calibration.
    func logOdds(_ dense: [Float]) -> [Float] {
        withUnsafeTemporaryAllocation(of: Lane.self, capacity: forest.stride) { sums in
            sums.initialize(repeating: .zero)
            for (model, value) in start.enumerated() { sums[model >> 2][model & 3] = value }
            dense.withUnsafeBufferPointer { forest.add($0, to: sums) }
            return models.indices.map { sums[$0 >> 2][$0 & 3] }
        }
    }
}
