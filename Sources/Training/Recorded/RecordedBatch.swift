import Domain
package import Estimation
package import Optimization

/// Recorded rows to plan: predictions for every model, and the recorded outcomes.
///
/// A plan sees only which models have a price and a score for a row. The outcomes are read by `realised` alone, after
/// the models are chosen.
package struct RecordedBatch: Sendable {
    /// The models with at least one row; the columns of `options`.
    package let models: [String]
    /// The rows that can be planned.
    package let rows: [OutcomeRow]
    /// Rows without a model that is both predicted and priced; excluded from all figures.
    package let leftOut: [OutcomeRow]
    /// `[row][model]`: predicted cost in nano-USD and accuracy; nil without a prediction or a record.
    package let options: [[AssignmentOption?]]
    /// `[row][model]`: variance of the predicted cost, nano-USD squared.
    package let variances: [[Double]]

    package init(_ recorded: [OutcomeRow], profiles: ProfileSet) {
        let names = Set(recorded.flatMap(\.outcomes.keys)).sorted()
        let ids = names.map { ModelID($0) }
        var rows: [OutcomeRow] = []
        var leftOut: [OutcomeRow] = []
        var forecasts: [[CostForecast?]] = []
        for row in recorded {
            let features = profiles.features(of: row.text)
            let predictions = profiles.predictions(features, for: ids)
            let costs = profiles.costs(features, for: ids)
            let made = names.indices.map { model -> CostForecast? in
                guard row.outcomes[names[model]]?.costUSD != nil else { return nil }
                return CostForecast(costUSD: costs[model], prediction: predictions[model])
            }
            if made.allSatisfy({ $0 == nil }) {
                leftOut.append(row)
            } else {
                rows.append(row)
                forecasts.append(made)
            }
        }
        let used = names.indices.filter { model in forecasts.contains { $0[model] != nil } }
        models = used.map { names[$0] }
        self.rows = rows
        self.leftOut = leftOut
        options = forecasts.map { row in used.map { row[$0]?.option } }
        let ranges = used.map { model in CostForecast.relativeVariance(forecasts.compactMap { $0[model] }) }
        variances = forecasts.map { row in
            zip(used, ranges).map { model, range in row[model]?.variance(orRelative: range) ?? 0 }
        }
    }

    /// A batch of some of the rows, with repetitions allowed.
    package func rows(_ indices: [Int]) -> RecordedBatch {
        RecordedBatch(
            models: models, rows: indices.map { rows[$0] }, options: indices.map { options[$0] },
            variances: indices.map { variances[$0] })
    }

    private init(models: [String], rows: [OutcomeRow], options: [[AssignmentOption?]], variances: [[Double]]) {
        self.models = models
        self.rows = rows
        leftOut = []
        self.options = options
        self.variances = variances
    }

    /// The recorded cost of a row with a model, nano-USD.
    package func trueCost(_ row: Int, model: Int) -> Double {
        ((rows[row].outcomes[models[model]]?.costUSD ?? 0) * 1e9).rounded()
    }

    /// The recorded totals of a choice of models, by row.
    package func realised(_ choice: [Int]) -> BatchTotals {
        var totals = BatchTotals(costUSD: 0, accuracy: 0)
        for (row, model) in zip(rows, choice) {
            guard let outcome = row.outcomes[models[model]] else { continue }
            totals.costUSD += outcome.costUSD ?? 0
            totals.accuracy += outcome.score
        }
        totals.accuracy /= Double(max(1, rows.count))
        return totals
    }
}

/// The total cost of a batch in USD, and the mean accuracy of its rows, 0...1.
package struct BatchTotals: Sendable, Hashable {
    package var costUSD: Double
    package var accuracy: Double
}

/// Expected cost and score of one model for one row, with the variance of the cost.
struct CostForecast: Sendable {
    let option: AssignmentOption
    /// Variance of the answer's length over its squared mean; nil without recorded lengths.
    private let lengthVariance: Double?

    /// Nil where the cost or the accuracy is unknown.
    init?(costUSD: Double?, prediction: Prediction?) {
        guard let costUSD, let prediction, costUSD.isFinite else { return nil }
        option = AssignmentOption(
            cost: (costUSD * 1e9).rounded(), energy: 0, latency: 0, accuracy: min(1, max(0, prediction.quality)))
        let tokens = prediction.outputTokens
        lengthVariance =
            tokens == ProfileSet.unknownOutputTokens || tokens.mean <= 0
            ? nil : Spread(mean: tokens.mean, quantile: tokens.p95).variance / (tokens.mean * tokens.mean)
    }

    /// Variance of the cost, nano-USD squared.
    ///
    /// The prompt is known before the call, so the relative variance of the cost is at most that of the answer's
    /// length. `fallback` is used where lengths are unknown.
    func variance(orRelative fallback: Double) -> Double {
        option.cost * option.cost * (lengthVariance ?? fallback)
    }

    /// The variation of one model's predicted costs between rows: variance over the squared mean.
    static func relativeVariance(_ forecasts: [CostForecast]) -> Double {
        let count = Double(max(1, forecasts.count))
        let mean = forecasts.reduce(0) { $0 + $1.option.cost } / count
        guard mean > 0 else { return 0 }
        return forecasts.reduce(0) { $0 + ($1.option.cost - mean) * ($1.option.cost - mean) } / count / (mean * mean)
    }
}
