package import Estimation

/// Routers to compare with, replayed through the same code as the product's own.
package enum BaselineRouter: String, CaseIterable, Sendable {
    /// The model that was best on the training rows, always.
    case bestSingle = "best-single"
    /// A mix of two models that does not look at the query: the best line between training points.
    case randomMix = "random-mix"
    /// The mean score of the 40 nearest training queries (cosine of weighted n-grams), less lambda times cost.
    case knn
    /// HybridLLM (Ding 2024) with hard labels 1[q_small >= q_large].
    case hybridDeterministic = "hybridllm-det"
    /// HybridLLM with soft labels Pr[q_small >= q_large].
    case hybridProbabilistic = "hybridllm-prob"
    /// HybridLLM with labels Pr[q_small >= q_large - t], t making them most different.
    case hybridTransformed = "hybridllm-trans"
    /// FrugalGPT (Chen 2023): a fixed chain of three models and a scorer of prompt and answer.
    case frugalCascade = "frugal-cascade"

    /// The router of a name.
    /// - Throws: `EstimationError.unknown`.
    package static func named(_ name: String) throws(EstimationError) -> BaselineRouter {
        guard let router = BaselineRouter(rawValue: name) else {
            throw .unknown(kind: "router", name: name, known: allCases.map(\.rawValue))
        }
        return router
    }

    /// Fits on training rows and replays on others of the same suite.
    /// - Returns: nil where the suite lacks what the router needs (outputs, for a cascade).
    func curve(training: [OutcomeRow], replay: Replay) -> CostCurve? {
        let fit = BaselineFit(training: training, models: replay.models, seesDollars: replay.hasDollars)
        switch self {
        case .bestSingle:
            return CostCurve(fit.singles(replay).indices.filter { $0 == fit.best }.map { fit.singles(replay)[$0] })
        case .randomMix: return fit.mix(replay)
        case .knn: return fit.nearest(replay)
        case .hybridDeterministic: return fit.hybrid(replay, smoothing: 1, isTransformed: false)
        case .hybridProbabilistic: return fit.hybrid(replay, smoothing: 10, isTransformed: false)
        case .hybridTransformed: return fit.hybrid(replay, smoothing: 10, isTransformed: true)
        case .frugalCascade: return fit.frugal(replay)
        }
    }
}
