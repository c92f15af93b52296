import Domain
import Estimation

/// Recorded outcomes of one suite with the predictions for them, for repeated routing.
package struct Replay: Sendable {
    package let suite: String
    package let rows: [OutcomeRow]
    package private(set) var models: [String]
    /// By row, then model: the probability of a good answer.
    var quality: [[Double]]
    /// By row, then model: the predicted cost of a call, USD.
    package internal(set) var predictedCost: [[Double]]
    /// By row, then model: the recorded cost of the call; nil where the model has no outcome.
    package private(set) var paid: [[Double?]]
    /// By row, then model: the score; nil where the model has no outcome.
    package private(set) var score: [[Double?]]
    /// Whether costs are in dollars, not 1 and 0.
    var hasDollars: Bool
    /// Microseconds of each row's decision: reading the text and predicting all models.
    var decisionMicroseconds: [Double]

    init(suite: String, rows: [OutcomeRow], profiles: ProfileSet) {
        self.suite = suite
        self.rows = rows
        let models = Set(rows.flatMap { $0.outcomes.keys }).sorted()
        self.models = models
        let ids = models.map { ModelID($0) }
        quality = []
        predictedCost = []
        decisionMicroseconds = []
        let clock = ContinuousClock()
        var known: [[Double?]] = []
        for row in rows {
            let began = clock.now
            let features = profiles.features(of: row.text)
            let predictions = profiles.predictions(features, for: ids)
            decisionMicroseconds.append((clock.now - began) / .microseconds(1))
            quality.append(predictions.map { $0?.quality ?? 0.5 })
            known.append(profiles.costs(features, for: ids))
        }
        score = rows.map { row in models.map { row.outcomes[$0]?.score } }
        let hasCosts = rows.allSatisfy { $0.outcomes.values.allSatisfy { $0.costUSD != nil } }
        hasDollars = hasCosts
        let score = score
        let ranking = models.indices.map { model in
            let known = score.compactMap { $0[model] }
            return known.reduce(0, +) / Double(max(known.count, 1))
        }
        /// Without dollars in the data, the better of two models costs 1 and the other one 0.
        let unit = { (model: Int) in ranking[model] == ranking.max() ? 1.0 : 0.0 }
        paid = rows.map { row in
            models.indices.map { model in
                row.outcomes[models[model]].map { hasCosts ? $0.costUSD ?? 0 : unit(model) }
            }
        }
        predictedCost = known.map { costs in
            let mean = costs.compactMap { $0 }.reduce(0, +) / Double(max(1, costs.compactMap { $0 }.count))
            return models.indices.map { hasCosts ? costs[$0] ?? mean : unit($0) }
        }
    }

    /// Restricts the replay to some models, given by their places.
    mutating func keep(_ places: [Int]) {
        models = places.map { models[$0] }
        quality = quality.map { row in places.map { row[$0] } }
        predictedCost = predictedCost.map { row in places.map { row[$0] } }
        paid = paid.map { row in places.map { row[$0] } }
        score = score.map { row in places.map { row[$0] } }
    }
}
