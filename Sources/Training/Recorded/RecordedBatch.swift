import Domain
package import Estimation
package import Optimization

/// Recorded rows that a plan can be made for: predictions of every model, and behind them what really happened.
///
/// Of a row's record, a plan sees only which models there is a price and a score for. What they cost and scored is
/// read by `realised` alone, once the models are chosen.
package struct RecordedBatch: Sendable {
    /// The names of the models that stand for at least one row; the columns of `options`.
    package let models: [String]
    /// The rows that can be planned.
    package let rows: [OutcomeRow]
    /// Rows that no model is both predicted and priced for; they are in no figure.
    package let leftOut: [OutcomeRow]
    /// `[row][model]`: predicted cost in nano-USD and accuracy, nil where there is no prediction or no record.
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

    /// A batch of some of the rows, which may be named more than once.
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

    /// What one row did cost with a model, nano-USD.
    package func trueCost(_ row: Int, model: Int) -> Double {
        ((rows[row].outcomes[models[model]]?.costUSD ?? 0) * 1e9).rounded()
    }

    /// What a choice of models, by row, did cost and score.
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

/// What a batch costs as a whole, in USD, and the mean accuracy of its rows, 0...1.
package struct BatchTotals: Sendable, Hashable {
    package var costUSD: Double
    package var accuracy: Double
}

/// What one model is expected to cost and score for one row, and how far its cost may be off.
struct CostForecast: Sendable {
    let option: AssignmentOption
    /// Variance of the answer's length over its squared mean; nil where no length was ever recorded.
    private let lengthVariance: Double?

    /// Nil where the cost or the accuracy of the model is not known.
    init?(costUSD: Double?, prediction: Prediction?) {
        guard let costUSD, let prediction, costUSD.isFinite else { return nil }
        option = AssignmentOption(
            cost: (costUSD * 1e9).rounded(), energy: 0, latency: 0, accuracy: min(1, max(0, prediction.quality)))
        let tokens = prediction.outputTokens
        lengthVariance =
            tokens == ProfileSet.unknownOutputTokens || tokens.mean <= 0
            ? nil : Spread(mean: tokens.mean, quantile: tokens.p95).variance / (tokens.mean * tokens.mean)
    }

    /// Variance of the cost, nano-USD squared. The prompt is known before the call, so a cost is relatively as
    /// uncertain as the answer's length at most; where lengths are not known, `fallback` is taken.
    func variance(orRelative fallback: Double) -> Double {
        option.cost * option.cost * (lengthVariance ?? fallback)
    }

    /// How much one model's predicted costs differ between rows: variance over the squared mean.
    static func relativeVariance(_ forecasts: [CostForecast]) -> Double {
        let count = Double(max(1, forecasts.count))
        let mean = forecasts.reduce(0) { $0 + $1.option.cost } / count
        guard mean > 0 else { return 0 }
        return forecasts.reduce(0) { $0 + ($1.option.cost - mean) * ($1.option.cost - mean) } / count / (mean * mean)
    }
}
