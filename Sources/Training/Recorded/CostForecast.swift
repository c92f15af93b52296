import Domain
import Estimation
import Optimization

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
