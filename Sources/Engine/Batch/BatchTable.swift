package import Core
import Ledger
import Optimization
import Routing

/// What every model is predicted to make of every row of a batch, and the most it can be billed for it.
package struct BatchTable: Sendable {
    /// One model for one row.
    struct Option: Sendable, Hashable {
        /// Nano-USD expected.
        var cost: Double
        /// Variance of the cost, nano-USD squared.
        var variance: Double
        /// The highest possible bill: what is reserved before the call.
        var bound: Money
        var latencySeconds: Double
        var joules: Double
        /// Probability that the answer is acceptable.
        var accuracy: Double
    }

    struct Row: Sendable {
        let line: Int64
        /// By model; nil where it cannot serve the row.
        let options: [Option?]

        /// The least of all highest bills.
        var leastBound: Money? { options.compactMap { $0?.bound }.min() }
    }

    let models: [PricedModel]
    private(set) var rows: [Row] = []

    init(models: [PricedModel]) {
        self.models = models
    }

    /// Adds a row with its candidates; false where no model can serve it.
    mutating func append(line: Int64, candidates: [Candidate]) -> Bool {
        let options = models.map { model in
            candidates.first { $0.model == model.model.id && $0.rejection == nil }.map(Self.option)
        }
        guard options.contains(where: { $0 != nil }) else { return false }
        rows.append(Row(line: line, options: options))
        return true
    }

    private static func option(_ candidate: Candidate) -> Option {
        // The prompt is known, so a cost is relatively as uncertain as the answer's length at most.
        let tokens = candidate.prediction.outputTokens
        let spread = tokens.mean > 0 ? Spread(mean: tokens.mean, quantile: tokens.p95).variance : 0
        let cost = Double(candidate.cost.total.nanoUSD)
        return Option(
            cost: cost, variance: tokens.mean > 0 ? cost * cost * spread / (tokens.mean * tokens.mean) : 0,
            bound: candidate.worstCaseCost, latencySeconds: candidate.latencySeconds, joules: candidate.energyJoules,
            accuracy: min(1, max(0, candidate.prediction.quality)))
    }

    /// Calls at the same time that a model may have, out of those of the whole batch.
    func width(of model: Int, concurrency: Int) -> Int { min(models[model].model.slots ?? concurrency, concurrency) }
}
