import Domain
import Routing

/// Says what a test wants it to say, of `test/cheap` and `test/dear`.
struct TestEstimator: Estimating, StepEstimates {
    var cheapQuality = 0.6
    var dearQuality = 0.8
    /// Of the cheap model's answer to the dear one's.
    var similarity = 0.9
    /// Probability that an answer is acceptable, by its model and text.
    var acceptance: @Sendable (ModelID, String) -> Double? = { _, _ in nil }

    func estimates(of text: StepText, for models: [Model]) -> any StepEstimates { self }

    func prediction(for model: Model) -> Prediction {
        Prediction(
            quality: model.id == TestModels.cheap ? cheapQuality : dearQuality, deviation: 0.1,
            outputTokens: OutputTokens(mean: 100, p95: 300), basis: .prior(model.tier))
    }

    func stepSimilarity(of model: Model, to reference: Model) -> Double { similarity }

    func requestSimilarity(of model: Model, to reference: Model) -> Double { 0 }

    func acceptance(of answers: [(model: Model, output: String)]) -> Double? {
        answers.last.flatMap { acceptance($0.model.id, $0.output) }
    }
}
