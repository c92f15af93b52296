package import Domain
package import Estimation

/// Estimates by trained profiles. Models without one get their tier's prior.
package struct ProfileEstimator: Estimating {
    private let profiles: ProfileSet

    package init(_ profiles: ProfileSet) {
        self.profiles = profiles
    }

    package func estimates(of text: StepText, for models: [Model]) -> any StepEstimates {
        ProfileEstimates(profiles: profiles, reading: profiles.read(text, models: models.compactMap(\.profile)))
    }
}

/// See `ProfileEstimator`.
///
/// If no profile has an estimate, or one is not a number, the prior of the model's tier or nil applies.
struct ProfileEstimates: StepEstimates {
    let profiles: ProfileSet
    let reading: StepReading

    func prediction(for model: Model) -> Prediction {
        guard let name = model.profile, var prediction = reading.prediction(of: name) else {
            return TierPrior.prediction(of: model.tier)
        }
        prediction.speed = profiles.speed(of: name)
        return prediction
    }

    func stepSimilarity(of model: Model, to reference: Model) -> Double {
        both(model, reference) { reading.stepSimilarity(of: $0, to: $1) } ?? expected(model, reference)
    }

    func requestSimilarity(of model: Model, to reference: Model) -> Double {
        both(model, reference) { reading.requestSimilarity(of: $0, to: $1) } ?? expected(model, reference)
    }

    func similarity(of model: Model, ahead steps: Int, to reference: Model, ahead others: Int) -> Double? {
        both(model, reference) { reading.outputSimilarity(of: $0, ahead: steps, to: $1, ahead: others) }
    }

    func distance(of model: Model, to reference: Model, position: Int) -> DistanceForecast? {
        both(model, reference) { reading.distance(of: $0, to: $1, position: position) }
    }

    func acceptance(of answers: [(model: Model, output: String)]) -> Double? {
        reading.acceptance(of: answers.map { (model: $0.model.profile ?? $0.model.id, output: $0.output) })
    }

    func runSimilarity(of model: Model, to reference: Model) -> Double? {
        both(model, reference) { reading.runSimilarity(of: $0, to: $1) }
    }

    func correctness(of models: [Model], given answers: [(model: Model, output: String)]) -> [Double]? {
        reading.correctness(
            of: models.map { ($0.profile ?? $0.id, prediction(for: $0).quality) },
            given: answers.map { (model: $0.model.profile ?? $0.model.id, output: $0.output) })
    }

    func coupling(of model: Model, to reference: Model) -> Double {
        both(model, reference) { reading.coupling(of: $0, to: $1) } ?? Double(Coupling.unknown)
    }

    var detectionRate: Double { reading.detectionRate }

    func lossPrice(keeping maxLoss: Double) -> LossPrice { reading.lossPrice(keeping: maxLoss) }

    func relativeSize(of model: Model) -> Double { model.profile.map { reading.relativeSize(of: $0) } ?? 1 }

    /// An estimate for a pair of models that both have a profile.
    private func both<Estimate>(
        _ model: Model, _ reference: Model, _ estimate: (ModelID, ModelID) -> Estimate?
    ) -> Estimate? {
        guard let name = model.profile, let other = reference.profile else { return nil }
        return estimate(name, other)
    }

    private func expected(_ model: Model, _ reference: Model) -> Double {
        Similarity.expected(prediction(for: model).quality, reference: prediction(for: reference).quality)
    }
}
