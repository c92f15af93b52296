import Domain
import Routing

/// Returns estimates that were read before, so that many routings of one step read its text once.
struct PreparedEstimator: Estimating {
    let estimates: any StepEstimates

    func estimates(of text: StepText, for models: [Model]) -> any StepEstimates { estimates }
}

/// The estimates of a step at another price of lost quality.
struct RepricedEstimates: StepEstimates {
    let base: any StepEstimates
    let price: LossPrice

    func prediction(for model: Model) -> Prediction { base.prediction(for: model) }

    func stepSimilarity(of model: Model, to reference: Model) -> Double {
        base.stepSimilarity(of: model, to: reference)
    }

    func requestSimilarity(of model: Model, to reference: Model) -> Double {
        base.requestSimilarity(of: model, to: reference)
    }

    func similarity(of model: Model, ahead steps: Int, to reference: Model, ahead others: Int) -> Double? {
        base.similarity(of: model, ahead: steps, to: reference, ahead: others)
    }

    func distance(of model: Model, to reference: Model, position: Int) -> DistanceForecast? {
        base.distance(of: model, to: reference, position: position)
    }

    func acceptance(of answers: [(model: Model, output: String)]) -> Double? { base.acceptance(of: answers) }

    func runSimilarity(of model: Model, to reference: Model) -> Double? {
        base.runSimilarity(of: model, to: reference)
    }

    func correctness(of models: [Model], given answers: [(model: Model, output: String)]) -> [Double]? {
        base.correctness(of: models, given: answers)
    }

    func coupling(of model: Model, to reference: Model) -> Double { base.coupling(of: model, to: reference) }

    var detectionRate: Double { base.detectionRate }

    func judges(_ models: [Model]) -> Bool { base.judges(models) }

    func lossPrice(keeping maxLoss: Double, isTested: Bool) -> LossPrice { price }

    var kinds: [Benchmark.Kind: Double] { base.kinds }

    func relativeSize(of model: Model) -> Double { base.relativeSize(of: model) }
}
