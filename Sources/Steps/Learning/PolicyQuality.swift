package import Domain
import JSON
package import Routing

/// Online estimate of a policy's quality, and the controller of kappa for policies with a target.
package struct PolicyQuality: Hashable, Sendable {
    package private(set) var estimate = QualityEstimate()
    package private(set) var controller: KappaController?
    /// The pace of expected losses under `max_loss`; nil before the first step that is priced.
    package private(set) var pace: LossPace?
    /// Restored controller state, until the policy's bounds are known.
    private var earlier: Standing?

    /// Controller state without the bounds, which come from the current policy.
    private struct Standing: Hashable, Sendable {
        var target: Double
        var offset: Double
        var estimate: QualityEstimate
    }

    package init() {}

    /// The offset of kappa for a target; 0 without a target.
    package func offset(for target: Double?) -> Double {
        guard let standing, standing.target == target else { return 0 }
        return standing.offset
    }

    /// The multiple of the price of lost quality for a dial; 1 before any step.
    package func priceFactor(for maxLoss: Double) -> Double { pace?.maxLoss == maxLoss ? pace?.factor ?? 1 : 1 }

    /// Records a served step.
    ///
    /// - Parameter loss: predicted quality of the reference less that of the model that answered; nil if unknown.
    package mutating func recordServed(by model: ModelID, policy: Policy, loss: Double? = nil) {
        if policy.kappa.isPriced, let loss {
            if pace?.maxLoss != policy.maxLoss { pace = LossPace(maxLoss: policy.maxLoss) }
            pace?.recordServed(loss: loss)
        }
        estimate.recordServed(model.rawValue)
        guard let target = policy.minAccuracy else { return }
        if controller?.target != target {
            // A new target starts from the previous offset.
            let isSame = standing?.target == target
            controller = KappaController(
                target: target, rule: policy.kappa, offset: standing?.offset ?? 0,
                estimate: isSame ? standing?.estimate : nil)
            earlier = nil
        }
        controller?.recordServed(by: model)
    }

    /// Records the audit of a served step.
    ///
    /// - Parameter share: audited share of the steps.
    package mutating func recordAudit(of model: ModelID, score: Double, share: Double) {
        estimate.recordSample(of: model.rawValue, score: score, probability: share)
        controller?.recordSample(of: model, score: score, probability: share)
        pace?.recordMeasured(estimate)
    }

    private var standing: Standing? {
        controller.map { Standing(target: $0.target, offset: $0.offset, estimate: $0.estimate) } ?? earlier
    }
}

// MARK: As JSON

extension PolicyQuality {
    /// Writes the members into an open object.
    func write(into object: inout JSONWriter) {
        object.member("estimate", object: { estimate.write(into: &$0) })
        if let pace {
            object.member("max_loss", pace.maxLoss)
            object.member("predicted_loss", pace.predictedLoss)
            object.member("paced_steps", pace.steps)
            object.member("price_factor", pace.pacedFactor)
        }
        guard let standing else { return }
        object.member("target", standing.target)
        object.member("offset", standing.offset)
        object.member("controlled", object: { standing.estimate.write(into: &$0) })
    }

    /// Reads what `write` writes; nil for anything else.
    init?(json: JSONValue) {
        guard let estimate = json["estimate"].flatMap({ QualityEstimate(json: $0) }) else { return nil }
        self.estimate = estimate
        if let maxLoss = json["max_loss"]?.double, let predicted = json["predicted_loss"]?.double,
            let steps = json["paced_steps"]?.double, let factor = json["price_factor"]?.double
        {
            pace = LossPace(maxLoss: maxLoss, predictedLoss: predicted, steps: steps, factor: factor)
            pace?.recordMeasured(estimate)
        }
        guard let target = json["target"]?.double else { return }
        guard let offset = json["offset"]?.double, offset.isFinite,
            let controlled = json["controlled"].flatMap({ QualityEstimate(json: $0) })
        else { return nil }
        earlier = Standing(target: target, offset: offset, estimate: controlled)
    }
}
