package import Domain
package import Estimation
import Synchronization

/// Estimates by trained profiles and published scores. Models with neither get their tier's prior.
package struct ProfileEstimator: Estimating {
    private let profiles: ProfileSet
    private let standings = StandingCache()

    package init(_ profiles: ProfileSet) {
        self.profiles = profiles
    }

    package func estimates(of text: StepText, for models: [Model]) -> any StepEstimates {
        ProfileEstimates(
            reading: profiles.read(
                text,
                of: models.map { model in
                    PredictedModel(
                        id: model.id, profile: model.profile, standing: standings.standing(of: model, in: profiles))
                }))
    }
}

/// The standings of models by their published scores, made at their first use.
private final class StandingCache: Sendable {
    private struct Key: Hashable {
        let model: ModelID
        let fingerprint: Int
    }

    private let known = Mutex<[Key: ModelStanding?]>([:])
    /// Capacity; a catalog has far fewer models.
    private static let most = 4096

    func standing(of model: Model, in profiles: ProfileSet) -> ModelStanding? {
        guard let record = model.published, let maker = profiles.standings else { return nil }
        let key = Key(model: model.id, fingerprint: record.fingerprint)
        if let found = known.withLock({ $0[key] }) { return found }
        let made = maker.standing(of: record, name: model.id.rawValue)
        known.withLock { if $0.count < Self.most { $0[key] = .some(made) } }
        return made
    }
}

/// See `ProfileEstimator`.
///
/// If no profile has an estimate, or one is not a number, the prior of the model's tier or nil applies.
struct ProfileEstimates: StepEstimates {
    let reading: StepReading

    func prediction(for model: Model) -> Prediction {
        guard var prediction = reading.prediction(of: model.id) else { return TierPrior.prediction(of: model.tier) }
        if let name = model.profile { prediction.speed = reading.speed(of: name) }
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
        reading.acceptance(of: answers.map { (model: $0.model.id, output: $0.output) })
    }

    func runSimilarity(of model: Model, to reference: Model) -> Double? {
        both(model, reference) { reading.runSimilarity(of: $0, to: $1) }
    }

    func correctness(of models: [Model], given answers: [(model: Model, output: String)]) -> [Double]? {
        reading.correctness(
            of: models.map { ($0.id, prediction(for: $0).quality) },
            given: answers.map { (model: $0.model.id, output: $0.output) })
    }

    func coupling(of model: Model, to reference: Model) -> Double {
        both(model, reference) { reading.coupling(of: $0, to: $1) } ?? Double(Coupling.unknown)
    }

    var detectionRate: Double { reading.detectionRate }

    var judgeFault: String? { reading.judgeFault }

    func judges(_ models: [Model]) -> Bool { reading.judges(models.map(\.id)) }

    func lossPrice(keeping maxLoss: Double, isTested: Bool) -> LossPrice {
        reading.lossPrice(keeping: maxLoss, isTested: isTested)
    }

    var kinds: [Benchmark.Kind: Double] { reading.kinds }

    func relativeSize(of model: Model) -> Double { reading.relativeSize(of: model.id) }

    /// An estimate for a pair of models that are both known.
    private func both<Estimate>(
        _ model: Model, _ reference: Model, _ estimate: (ModelID, ModelID) -> Estimate?
    ) -> Estimate? {
        guard reading.predicts(model.id), reading.predicts(reference.id) else { return nil }
        return estimate(model.id, reference.id)
    }

    private func expected(_ model: Model, _ reference: Model) -> Double {
        Similarity.expected(prediction(for: model).quality, reference: prediction(for: reference).quality)
    }
}
