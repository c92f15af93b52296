package import Core
package import Routing

/// The running estimate of a policy's true quality, and the controller that moves kappa where the policy has a target.
package struct PolicyQuality: Hashable, Sendable {
    package private(set) var estimate = QualityEstimate()
    package private(set) var controller: KappaController?

    package init() {}

    /// What the controller adds to kappa under this target; 0 without one.
    package func offset(for target: Double?) -> Double {
        guard let controller, controller.target == target else { return 0 }
        return controller.offset
    }

    /// A step has been served.
    package mutating func served(by model: ModelID, policy: Policy) {
        estimate.served(model.rawValue)
        guard let target = policy.minAccuracy else { return }
        if controller?.target != target {
            // Another target: the controller begins where the old one stood.
            controller = KappaController(target: target, rule: policy.kappa, offset: controller?.offset ?? 0)
        }
        controller?.served(by: model)
    }

    /// One of the steps served has been audited.
    ///
    /// - Parameter share: the share of the steps that are.
    package mutating func looked(at model: ModelID, score: Double, share: Double) {
        estimate.looked(at: model.rawValue, score: score, share: share)
        controller?.looked(at: model, score: score, share: share)
    }
}
