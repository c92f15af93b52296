package import Domain

/// Predicts what models will make of a step. Nothing is called and nobody is paid.
package protocol Estimating: Sendable {
    /// Reads a step's words once, for all the models.
    func estimates(of text: StepText, for models: [Model]) -> any StepEstimates
}

/// The estimates of one step.
package protocol StepEstimates: Sendable {
    /// What the model is predicted to do: its profile's word, or its tier's prior.
    func prediction(for model: Model) -> Prediction

    /// Similarity, 0...1, of the model's next output to the reference's (the cosine of HERA's SSE, or its stand-in).
    func stepSimilarity(of model: Model, to reference: Model) -> Double

    /// Probability, 0...1, that the model alone ends the whole request as well as the reference would (URC).
    func requestSimilarity(of model: Model, to reference: Model) -> Double

    /// Cosine of the model's output that many steps after its next one and the reference's that many after its next
    /// (both predictors rolled forward; 0 and 0 is SSE); nil where no predictor of outputs can look ahead.
    func similarity(of model: Model, ahead steps: Int, to reference: Model, ahead others: Int) -> Double?

    /// The S-L distance of the reference's next step for the model (DP); nil where no estimator is at hand.
    func distance(of model: Model, to reference: Model, position: Int) -> DistanceForecast?

    /// Probability that the last of the answers paid for so far is acceptable (`verify_m`); nil where no estimator is at
    /// hand. Every answer is with the model that gave it, in the order of asking.
    func acceptance(of answers: [(model: Model, output: String)]) -> Double?
}

extension StepEstimates {
    package func similarity(of model: Model, ahead steps: Int, to reference: Model, ahead others: Int) -> Double? {
        nil
    }

    package func distance(of model: Model, to reference: Model, position: Int) -> DistanceForecast? { nil }

    package func acceptance(of answers: [(model: Model, output: String)]) -> Double? { nil }
}

/// Estimates by tier alone, for a catalog without any profile.
package struct PriorEstimator: Estimating {
    package init() {}

    package func estimates(of text: StepText, for models: [Model]) -> any StepEstimates { PriorEstimates() }
}

/// See `PriorEstimator`.
package struct PriorEstimates: StepEstimates {
    package init() {}

    package func prediction(for model: Model) -> Prediction { TierPrior.prediction(of: model.tier) }

    package func stepSimilarity(of model: Model, to reference: Model) -> Double {
        Similarity.expected(prediction(for: model).quality, reference: prediction(for: reference).quality)
    }

    package func requestSimilarity(of model: Model, to reference: Model) -> Double {
        stepSimilarity(of: model, to: reference)
    }
}

/// Similarity where no estimator of outputs is at hand.
package enum Similarity {
    /// The share of the reference's acceptable answers that a model is expected to reproduce, where what the weaker
    /// one can do the stronger one can do too: min(1, p_m / p_r).
    package static func expected(_ quality: Double, reference: Double) -> Double {
        guard reference > 0 else { return 1 }
        return min(1, quality / reference)
    }
}
