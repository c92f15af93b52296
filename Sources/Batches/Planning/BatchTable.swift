import Domain
import Ledger
import Optimization
import Routing

/// Predictions and upper-bound costs of every model for every row.
package struct BatchTable: Sendable {
    /// One model for one row.
    struct Option: Sendable, Hashable {
        /// Expected nano-USD.
        var cost: Double
        /// Variance of the cost, nano-USD squared.
        var variance: Double
        /// Upper-bound cost, reserved before the call.
        var bound: Money
        var latencySeconds: Double
        var joules: Double
        /// Probability that the answer is acceptable.
        var accuracy: Double
        /// The service tier of the cost; rows at the tier `batch` go to a provider batch.
        var tier = ServiceTier.standard
    }

    struct Row: Sendable {
        let line: Int64
        /// By model; nil where the model cannot serve the row.
        let options: [Option?]
        /// Size of the request.
        let bytes: Int

        /// The smallest upper bound over the models.
        var leastBound: Money? { options.compactMap { $0?.bound }.min() }
    }

    let models: [PricedModel]
    private(set) var rows: [Row] = []

    init(models: [PricedModel]) {
        self.models = models
    }

    /// Adds a row with its candidates; false where no model can serve it.
    ///
    /// - Parameter bytes: size of the request.
    mutating func append(line: Int64, candidates: [Candidate], bytes: Int = 0) -> Bool {
        let options = options(candidates)
        guard options.contains(where: { $0 != nil }) else { return false }
        rows.append(Row(line: line, options: options, bytes: bytes))
        return true
    }

    /// Replaces a row's predictions; false where no model can serve it any more.
    mutating func replace(_ row: Int, candidates: [Candidate]) -> Bool {
        let options = options(candidates)
        rows[row] = Row(line: rows[row].line, options: options, bytes: rows[row].bytes)
        return options.contains { $0 != nil }
    }

    private func options(_ candidates: [Candidate]) -> [Option?] {
        models.map { model in
            candidates.first { $0.model == model.model.id && $0.rejection == nil }.map(Self.option)
        }
    }

    private static func option(_ candidate: Candidate) -> Option {
        // The prompt is known, so only the output length varies the cost.
        let tokens = candidate.prediction.outputTokens
        let spread = tokens.mean > 0 ? Spread(mean: tokens.mean, quantile: tokens.p95).variance : 0
        let cost = Double(candidate.cost.total.nanoUSD)
        return Option(
            cost: cost, variance: tokens.mean > 0 ? cost * cost * spread / (tokens.mean * tokens.mean) : 0,
            bound: candidate.worstCaseCost, latencySeconds: candidate.latencySeconds, joules: candidate.energyJoules,
            accuracy: min(1, max(0, candidate.prediction.quality)), tier: candidate.serviceTier)
    }

    /// A model's share of the batch's concurrency.
    func width(of model: Int, concurrency: Int) -> Int { min(models[model].model.slots ?? concurrency, concurrency) }
}
