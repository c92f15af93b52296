import Domain
import Estimation

/// The levels of effort that a model may be asked for at a step.
enum EffortLevels {
    /// The levels besides the model's own; empty where the policy, the caller or the catalog leaves no choice.
    static func offered(of model: Model, step: Step, policy: Policy) -> [EffortLevel] {
        guard !model.efforts.isEmpty, policy.effort.chooses, step.effort == nil, policy.kappa.isPriced,
            policy.maxLoss > 0
        else { return [] }
        return model.efforts.filter { level in
            level.effort != model.ownEffort && policy.effort.admits(level.effort)
                && fits(level, model, step: step)
        }
    }

    /// Whether a server takes a level beside what the request says.
    private static func fits(_ level: EffortLevel, _ model: Model, step: Step) -> Bool {
        let most = min(step.maxOutputTokens ?? model.maxOutputTokens, model.maxOutputTokens)
        if let budget = level.parameters.thinkingTokens, most <= 2 * budget { return false }
        guard level.parameters.thinks, model.endpoint.wire == .anthropic else { return true }
        // Such a server takes no thinking beside a forced call, nor in a turn that has begun without.
        if step.forcesTool { return false }
        return step.position == 1 || step.previousModel == model.id && step.previousWay.effort == level.effort
    }
}

/// Predictions at other levels of effort than a model's own.
struct EffortShift {
    private let kinds: [Benchmark.Kind: Double]

    init(_ estimates: any StepEstimates) {
        kinds = estimates.kinds
    }

    /// The prediction at a level: quality by the shift in log-odds, tokens by the ratio of lengths.
    func prediction(_ own: Prediction, of model: Model, at level: EffortLevel) -> Prediction {
        let shift = EffortCurve.shift(
            from: model.ownEffort, to: level.effort, kinds: kinds, multiples: model.published?.effortMultiples ?? [:])
        var prediction = own
        if shift != 0, own.quality > 0, own.quality < 1 {
            prediction.quality = logistic(logit(own.quality) + shift)
            let doubt = EffortCurve.spread * shift * prediction.quality * (1 - prediction.quality)
            prediction.deviation = (own.deviation * own.deviation + doubt * doubt).squareRoot()
        }
        let ratio = model.lengthRatio(at: level)
        prediction.outputTokens.mean *= ratio
        prediction.outputTokens.p95 *= ratio
        return prediction
    }
}

extension Step {
    /// The step as a server reads it at a level.
    ///
    /// Anthropic's servers keep their cache of messages only while thinking stays as it was; nil is the model's own.
    func asking(_ model: Model, at level: EffortLevel?) -> Step {
        guard losesCache(model, at: level) else { return self }
        var step = self
        (step.cachedTokens, step.cachedImages) = (0, 0)
        return step
    }

    /// Whether a model's server drops its cache of the run where it is asked at a level.
    func losesCache(_ model: Model, at level: EffortLevel?) -> Bool {
        cachedTokens > 0 && model.id == previousModel && model.endpoint.wire == .anthropic
            && previousWay.effort != level?.effort
    }
}
