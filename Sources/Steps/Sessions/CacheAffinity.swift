package import Domain
package import Routing

/// Decides whether a run keeps the model of its last step against the rule's choice, to preserve prompt caches.
///
/// A switch costs the new model's uncached read of the prompt and the time to prefill it. Switching back loses the old
/// model's cache as well. A run therefore switches to a cheaper model only if the savings over the rest of the request
/// exceed that:
///
///     H x (stay - move) > (1 + margin) x 2^s x (loss + r x return)
///
/// Amounts use the policy's weights, each criterion scaled by its span over the candidates. `stay` and `move` are the
/// costs of one step with warm caches. `loss` and `return` are the extra costs of a cold cache on the new and the old
/// model. H is the expected number of remaining steps. r = (steps on the old model + 1) / (steps + 2) is the
/// probability of switching back. s is the number of earlier switches in the session.
///
/// Within a tool loop the similarity must also leave a band around kappa. It must rise above it to move down, and fall
/// below it to move up. This prevents oscillation around kappa. The band narrows as kappa approaches 1, where small
/// differences matter more.
package struct CacheAffinity: Sendable {
    /// Half the width of the band around kappa, as a share of 1 - kappa.
    package static let band = 0.125
    /// Relative margin by which the gain must exceed the cost.
    package static let margin = 0.2
    /// Prior of the steps per request.
    package static let usualSteps = 3.0

    private let step: Step
    private let context: RoutingContext
    private let memory: Sessions.Memory

    package init(step: Step, memory: Sessions.Memory, context: RoutingContext) {
        self.step = step
        self.memory = memory
        self.context = context
    }

    /// The reason to stay with the last model; nil where the run switches or has no last model.
    ///
    /// - Parameter stage: the stage of the rule that chose the model.
    package func reasonToStay(_ decision: Decision, stage: Stage) -> String? {
        guard let previous = step.previousModel, previous != decision.model,
            let old = decision.candidate(previous), old.rejection == nil,
            let new = decision.candidate(decision.model), step.cachedTokens > 0
        else { return nil }
        if isUp(from: old, to: new, decision) {
            guard step.position > 1 else { return nil }
            let similarity = similarity(of: old, decision)
            guard similarity >= decision.kappa - band(decision) else { return nil }
            return
                "stays on \(previous): similarity \(Self.text(similarity)) is within \(Self.text(band(decision))) of kappa "
                + "\(Self.text(decision.kappa)), too near to lose its prompt cache for \(new.model)"
        }
        if step.position > 1, stage == .sse || stage == .urc || stage == .plan,
            similarity(of: new, decision) < decision.kappa + band(decision)
        {
            return
                "stays on \(previous): \(new.model) passes kappa \(Self.text(decision.kappa)) by less than "
                + "\(Self.text(band(decision))), too little to change models within a request"
        }
        guard let balance = balance(old, new, decision), balance.gain <= balance.cost else { return nil }
        return
            "stays on \(previous): moving to \(new.model) would gain \(Self.text(balance.gain)) over "
            + "\(Self.text(stepsLeft)) steps and cost \(Self.text(balance.cost)) in lost prompt caches (weighted)"
    }

    /// Whether the new model is the reference or has better predicted quality.
    private func isUp(from old: Candidate, to new: Candidate, _ decision: Decision) -> Bool {
        new.model == decision.reference
            || (old.model != decision.reference && new.prediction.quality > old.prediction.quality)
    }

    private func similarity(of candidate: Candidate, _ decision: Decision) -> Double {
        if candidate.model == decision.reference { return 1 }
        let reference = decision.candidate(decision.reference)?.prediction.quality ?? 0
        return candidate.similarity ?? Similarity.expected(candidate.prediction.quality, reference: reference)
    }

    private func band(_ decision: Decision) -> Double { max(Self.band * (1 - decision.kappa), 0) }

    /// Expected remaining steps of the request, this one included.
    private var stepsLeft: Double {
        let perRequest = (Double(memory.steps) + Self.usualSteps) / (Double(memory.requests) + 1)
        // Long requests tend to continue.
        return max(perRequest - Double(step.position) + 1, Double(step.position) / 2, Double(context.horizon), 1)
    }

    /// Weighted gain and cost of a switch; nil where a model has no price.
    private func balance(_ old: Candidate, _ new: Candidate, _ decision: Decision) -> (gain: Double, cost: Double)? {
        guard let oldWarm = amounts(old, isWarm: true), let oldCold = amounts(old, isWarm: false),
            let newWarm = amounts(new, isWarm: true), let newCold = amounts(new, isWarm: false)
        else { return nil }
        let able = decision.candidates.filter { $0.rejection == nil }
        func span(_ value: (Candidate) -> Double) -> Double {
            let values = able.map(value)
            return (values.max() ?? 0) - (values.min() ?? 0)
        }
        let spans = Amounts(
            cost: span { Double($0.cost.total.nanoUSD) }, energy: span(\.energyJoules), latency: span(\.latencySeconds))
        let weights = context.policy.weights
        func weighted(_ amounts: Amounts) -> Double {
            (spans.cost > 0 ? weights.cost * amounts.cost / spans.cost : 0)
                + (spans.energy > 0 ? weights.energy * amounts.energy / spans.energy : 0)
                + (spans.latency > 0 ? weights.latency * amounts.latency / spans.latency : 0)
        }
        let returnProbability = Double(memory.stepsOnLast + 1) / Double(memory.steps + 2)
        let loss = max(weighted(newCold) - weighted(newWarm), 0)
        let returnLoss = max(weighted(oldCold) - weighted(oldWarm), 0)
        return (
            stepsLeft * (weighted(oldWarm) - weighted(newWarm)),
            (1 + Self.margin) * Double(1 << min(memory.switches, 20)) * (loss + returnProbability * returnLoss)
        )
    }

    /// Nano-USD, joules and seconds of a step.
    private struct Amounts {
        var cost: Double
        var energy: Double
        var latency: Double
    }

    private func amounts(_ candidate: Candidate, isWarm: Bool) -> Amounts? {
        guard let priced = context.models.first(where: { $0.model.id == candidate.model }) else { return nil }
        let forecast = Forecast(priced, economics: context.economics, tier: candidate.serviceTier)
        let step = step.read(by: priced.model)
        let caching = PromptCaching(priced, step: step, tier: candidate.serviceTier, isBatch: context.isBatch)
        let cached = isWarm ? Int(caching.read(Double(min(step.cachedTokens, step.promptTokens)))) : 0
        let output = candidate.prediction.outputTokens.mean
        let fresh = Double(step.promptTokens - cached)
        let joules = forecast.joules(
            promptTokens: Double(step.promptTokens), cachedTokens: Double(cached), outputTokens: output)
        let usage = Forecast.usage(
            prompt: step.promptTokens, cached: cached, writesCache: caching.writes(Double(step.promptTokens)),
            output: Int(output.rounded()))
        guard
            let cost = try? forecast.cost(
                of: usage, joules: joules, busySeconds: forecast.busySeconds(fresh, output))
        else { return nil }
        return Amounts(
            cost: Double(cost.total.nanoUSD), energy: joules,
            latency: priced.model.speed.overheadSeconds + forecast.busySeconds(fresh, output))
    }

    /// Two decimals.
    private static func text(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e9 else { return "\(value)" }
        let hundredths = Int((abs(value) * 100).rounded())
        let digits = hundredths % 100
        return "\(value < 0 ? "-" : "")\(hundredths / 100).\(digits < 10 ? "0" : "")\(digits)"
    }
}
