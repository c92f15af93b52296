package import Domain
import JSON
package import Routing

/// The running estimate of a policy's true quality, and the controller that moves kappa where the policy has a target.
package struct PolicyQuality: Hashable, Sendable {
    package private(set) var estimate = QualityEstimate()
    package private(set) var controller: KappaController?
    /// Where the controller of an earlier process stood, until the policy's bounds are known.
    private var earlier: Standing?

    /// A controller without its bounds, which are those of the policy of the day.
    private struct Standing: Hashable, Sendable {
        var target: Double
        var offset: Double
        var estimate: QualityEstimate
    }

    package init() {}

    /// What the controller adds to kappa under this target; 0 without one.
    package func offset(for target: Double?) -> Double {
        guard let standing, standing.target == target else { return 0 }
        return standing.offset
    }

    /// A step has been served.
    package mutating func recordServed(by model: ModelID, policy: Policy) {
        estimate.recordServed(model.rawValue)
        guard let target = policy.minAccuracy else { return }
        if controller?.target != target {
            // Another target: the controller begins where the old one stood.
            let isSame = standing?.target == target
            controller = KappaController(
                target: target, rule: policy.kappa, offset: standing?.offset ?? 0,
                estimate: isSame ? standing?.estimate : nil)
            earlier = nil
        }
        controller?.recordServed(by: model)
    }

    /// One of the steps served has been audited.
    ///
    /// - Parameter share: the share of the steps that are.
    package mutating func recordAudit(of model: ModelID, score: Double, share: Double) {
        estimate.recordSample(of: model.rawValue, score: score, probability: share)
        controller?.recordSample(of: model, score: score, probability: share)
    }

    private var standing: Standing? {
        controller.map { Standing(target: $0.target, offset: $0.offset, estimate: $0.estimate) } ?? earlier
    }
}

// MARK: As JSON

extension PolicyQuality {
    /// Writes where the policy stands into the object that is open.
    func write(into object: inout JSONWriter) {
        object.member("estimate", object: { estimate.write(into: &$0) })
        guard let standing else { return }
        object.member("target", standing.target)
        object.member("offset", standing.offset)
        object.member("controlled", object: { standing.estimate.write(into: &$0) })
    }

    /// Reads what `write` has written; nil for anything else.
    init?(json: JSONValue) {
        guard let estimate = json["estimate"].flatMap({ QualityEstimate(json: $0) }) else { return nil }
        self.estimate = estimate
        guard let target = json["target"]?.double else { return }
        guard let offset = json["offset"]?.double, offset.isFinite,
            let controlled = json["controlled"].flatMap({ QualityEstimate(json: $0) })
        else { return nil }
        earlier = Standing(target: target, offset: offset, estimate: controlled)
    }
}
