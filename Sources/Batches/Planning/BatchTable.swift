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
        /// Place among the models that no plan uses while the row has another option; 0 is asked first. Nil for an
        /// option of the plan.
        var reserve: Int?
    }

    struct Row: Sendable {
        let line: Int64
        /// By model; nil where the model cannot serve the row.
        let options: [Option?]
        /// Size of the request.
        let bytes: Int

        /// The options of a plan, by model: without reserves, unless the row has nothing else.
        let planned: [Option?]

        init(line: Int64, options: [Option?], bytes: Int) {
            self.line = line
            self.options = options
            self.bytes = bytes
            let planned = options.map { $0?.reserve == nil ? $0 : nil }
            let hasReserves = options.contains { $0?.reserve != nil }
            self.planned = hasReserves && planned.contains { $0 != nil } ? planned : options
        }

        /// The smallest upper bound over the models of a plan.
        var leastBound: Money? { planned.compactMap { $0?.bound }.min() }
    }

    let models: [PricedModel]
    private(set) var rows: [Row] = []

    init(models: [PricedModel]) {
        self.models = models
    }

    /// Adds a row with its candidates; false where no model can serve it.
    ///
    /// - Parameters:
    ///   - reserves: the candidates that a plan leaves out, first the one to ask first.
    ///   - bytes: size of the request.
    mutating func append(
        line: Int64, candidates: [Candidate], reserves: [ModelID] = [], bytes: Int = 0
    ) -> Bool {
        let options = options(candidates, reserves)
        guard options.contains(where: { $0 != nil }) else { return false }
        rows.append(Row(line: line, options: options, bytes: bytes))
        return true
    }

    /// Replaces a row's predictions; false where no model can serve it any more.
    mutating func replace(_ row: Int, candidates: [Candidate], reserves: [ModelID] = []) -> Bool {
        let options = options(candidates, reserves)
        rows[row] = Row(line: rows[row].line, options: options, bytes: rows[row].bytes)
        return options.contains { $0 != nil }
    }

    private func options(_ candidates: [Candidate], _ reserves: [ModelID]) -> [Option?] {
        models.map { model in
            var option = candidates.first { $0.model == model.model.id && $0.rejection == nil }.map(Self.option)
            option?.reserve = reserves.firstIndex(of: model.model.id)
            return option
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
