import Domain
import Routing
import Synchronization

/// The estimator in use. A replacement serves the steps that begin after it.
final class CurrentEstimator: Estimating {
    private let estimator: Mutex<any Estimating>

    init(_ estimator: any Estimating) {
        self.estimator = Mutex(estimator)
    }

    func replace(with estimator: any Estimating) {
        self.estimator.withLock { $0 = estimator }
    }

    func estimates(of text: StepText, for models: [Model]) -> any StepEstimates {
        estimator.withLock { $0 }.estimates(of: text, for: models)
    }
}
