/// What was learned of some models that answered the same queries.
///
/// A text goes through four stages: n-grams to linear scores and latent directions (`GramTable`); these and the surface
/// counts to a dense vector; the dense vector through the forest to one log-odds a model; calibration to a probability.
struct PanelProfile: Sendable {
    var name: String
    /// The names of the models, as they stand in the data.
    var models: [String]
    /// Numbers in a text's counts.
    var countFeatures: Int
    /// Training rows, by model.
    var counts: [Int32]
    /// The share of good answers on the training rows, by model.
    var baseRates: [Float]
    var vocabulary: Vocabulary
    var table: GramTable
    /// Added to the models' linear scores.
    var intercepts: [Float]
    /// Log-odds before the first tree, by model.
    var start: [Float]
    var forest: Forest
    var calibrations: [Calibration]
    /// How strongly the errors of two models go together, 0...1: row m, column r for m against the reference r.
    var couplings: [Float]
    /// Rows that a prediction is worth: its variance is p (1 - p) / (worth + 1).
    var worth: Float
    var outputTokens: LinearHead
    var costUSD: LinearHead
    var seconds: LinearHead

    /// A text's dense vector: surface counts, latent directions, the models' linear scores and their mean.
    func dense(_ grams: NGrams, _ counts: [Float]) -> [Float] {
        let scores = table.scores(grams, vocabulary)
        var dense = counts
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

    /// Every model's probability of a good answer, by the model's place.
    func probabilities(_ dense: [Float]) -> [Float] {
        let scores = logOdds(dense)
        return models.indices.map { calibrations[$0].probability(scores[$0]) }
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
