package import Domain
package import Routing

/// The estimator for live traffic, corrected by the current calibration. Non-finite estimates pass through; the rule
/// replaces them and says so in the decision.
package struct LiveEstimator: Estimating {
    private let base: any Estimating
    private let calibration: @Sendable () -> ModelCalibration

    package init(_ base: any Estimating, calibration: @escaping @Sendable () -> ModelCalibration) {
        self.base = base
        self.calibration = calibration
    }

    package func estimates(of text: StepText, for models: [Model]) -> any StepEstimates {
        LiveEstimates(base: base.estimates(of: text, for: models), calibration: calibration())
    }
}

/// Estimates of `LiveEstimator`.
struct LiveEstimates: StepEstimates {
    let base: any StepEstimates
    let calibration: ModelCalibration

    func prediction(for model: Model) -> Prediction {
        var prediction = base.prediction(for: model)
        prediction.quality = corrected(prediction.quality) { calibration.quality($0, of: model.id) }
        return prediction
    }

    func stepSimilarity(of model: Model, to reference: Model) -> Double {
        corrected(base.stepSimilarity(of: model, to: reference)) { calibration.similarity($0, of: model.id) }
    }

    func requestSimilarity(of model: Model, to reference: Model) -> Double {
        corrected(base.requestSimilarity(of: model, to: reference)) { calibration.similarity($0, of: model.id) }
    }

    func similarity(of model: Model, ahead steps: Int, to reference: Model, ahead others: Int) -> Double? {
        base.similarity(of: model, ahead: steps, to: reference, ahead: others).map { value in
            corrected(value) { calibration.similarity($0, of: model.id) }
        }
    }

    func distance(of model: Model, to reference: Model, position: Int) -> DistanceForecast? {
        base.distance(of: model, to: reference, position: position)
    }

    func acceptance(of answers: [(model: Model, output: String)]) -> Double? {
        guard let value = base.acceptance(of: answers), let model = answers.last?.model else { return nil }
        return corrected(value) { calibration.quality($0, of: model.id) }
    }

    func runSimilarity(of model: Model, to reference: Model) -> Double? {
        base.runSimilarity(of: model, to: reference).map { value in
            corrected(value) { calibration.similarity($0, of: model.id) }
        }
    }

    func correctness(of models: [Model], given answers: [(model: Model, output: String)]) -> [Double]? {
        base.correctness(of: models, given: answers).map { values in
            zip(models, values).map { model, value in corrected(value) { calibration.quality($0, of: model.id) } }
        }
    }

    func coupling(of model: Model, to reference: Model) -> Double { base.coupling(of: model, to: reference) }

    var detectionRate: Double { base.detectionRate }

    var judgeFault: String? { base.judgeFault }

    func judges(_ models: [Model]) -> Bool { base.judges(models) }

    func lossPrice(keeping maxLoss: Double, isTested: Bool) -> LossPrice {
        base.lossPrice(keeping: maxLoss, isTested: isTested)
    }

    var kinds: [Benchmark.Kind: Double] { base.kinds }

    func relativeSize(of model: Model) -> Double { base.relativeSize(of: model) }

    /// Corrects only positive values: a cosine may be negative, and NaN stays NaN.
    private func corrected(_ value: Double, _ correction: (Double) -> Double) -> Double {
        guard value > 0 else { return value }
        return correction(min(value, 1))
    }
}
