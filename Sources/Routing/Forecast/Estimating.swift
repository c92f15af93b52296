package import Domain

/// Predicts the models' answers to a step, without calling any.
package protocol Estimating: Sendable {
    /// Reads a step's text once, for all models.
    func estimates(of text: StepText, for models: [Model]) -> any StepEstimates
}

/// The estimates for one step.
package protocol StepEstimates: Sendable {
    /// The model's predicted quality and length: from its profile, or its tier's prior.
    func prediction(for model: Model) -> Prediction

    /// Similarity, 0...1, of the model's next output to the reference's (the cosine of HERA's SSE, or a substitute).
    func stepSimilarity(of model: Model, to reference: Model) -> Double

    /// Probability, 0...1, that the model alone completes the whole request as well as the reference would (URC).
    func requestSimilarity(of model: Model, to reference: Model) -> Double

    /// Cosine of the model's output `steps` after its next one and the reference's `others` after its next one, both
    /// predictors rolled forward. 0 and 0 is SSE. Nil if no output predictor can look ahead.
    func similarity(of model: Model, ahead steps: Int, to reference: Model, ahead others: Int) -> Double?

    /// The S-L distance of the reference's next step for the model (DP); nil without an estimator.
    func distance(of model: Model, to reference: Model, position: Int) -> DistanceForecast?

    /// Probability that the last of the answers so far is acceptable (`verify_m`); nil without an estimator. Each
    /// answer comes with its model, in the order of the calls.
    func acceptance(of answers: [(model: Model, output: String)]) -> Double?

    /// Probability that the model's run of the whole request ends as well as the reference's, from recorded runs; nil
    /// without any.
    func runSimilarity(of model: Model, to reference: Model) -> Double?

    /// Probabilities that each model's answer is right, or would be, given the answers so far; nil without a judge.
    func correctness(of models: [Model], given answers: [(model: Model, output: String)]) -> [Double]?

    /// Coupling, 0...1, of the errors of two models.
    func coupling(of model: Model, to reference: Model) -> Double

    /// Probability that the judge recognises a wrong answer.
    var detectionRate: Double { get }

    /// Why no judge reads answers to such texts, although there is one; nil for no reason.
    var judgeFault: String? { get }

    /// Whether a judge covers the text and all these models.
    func judges(_ models: [Model]) -> Bool

    /// The price of lost quality that keeps a loss on such texts.
    ///
    /// - Parameter isTested: whether a judge tests the answers, so that another one can follow.
    func lossPrice(keeping maxLoss: Double, isTested: Bool) -> LossPrice

    /// The share of each kind of task in the text; they sum to 1.
    var kinds: [Benchmark.Kind: Double] { get }

    /// The expected cost of the request over that of a usual one of its kind, for a model; 1 where unknown.
    func relativeSize(of model: Model) -> Double
}

extension StepEstimates {
    package func similarity(of model: Model, ahead steps: Int, to reference: Model, ahead others: Int) -> Double? {
        nil
    }

    package func distance(of model: Model, to reference: Model, position: Int) -> DistanceForecast? { nil }

    package func acceptance(of answers: [(model: Model, output: String)]) -> Double? { nil }

    package func runSimilarity(of model: Model, to reference: Model) -> Double? { nil }

    package func correctness(of models: [Model], given answers: [(model: Model, output: String)]) -> [Double]? { nil }

    package func coupling(of model: Model, to reference: Model) -> Double { 0.4 }

    package var detectionRate: Double { 0.7 }

    /// No reason, without a judge.
    package var judgeFault: String? { nil }

    package func judges(_ models: [Model]) -> Bool { false }

    package func lossPrice(keeping maxLoss: Double, isTested: Bool) -> LossPrice { LossPrice(unfittedFor: maxLoss) }

    /// General alone, without an estimator that reads kinds.
    package var kinds: [Benchmark.Kind: Double] { [.general: 1] }

    package func relativeSize(of model: Model) -> Double { 1 }
}

/// Estimates by tier alone, for a catalog without profiles.
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

/// Similarity without an output predictor.
package enum Similarity {
    /// The share of the reference's acceptable answers that a model is expected to reproduce, if the stronger one can
    /// do all that the weaker one can: min(1, p_m / p_r).
    package static func expected(_ quality: Double, reference: Double) -> Double {
        guard reference > 0 else { return 1 }
        return min(1, quality / reference)
    }
}
