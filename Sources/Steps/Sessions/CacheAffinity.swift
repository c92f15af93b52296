package import Domain
package import Routing

/// Whether a run stays with the model of its last step though the rule has chosen another one.
///
/// A move costs what the new model has to read again: its whole prompt at the uncached price, and the time to prefill it.
/// It may also have to be undone, and then the old model's cache is lost too. So a run moves to a cheaper model where
/// what it saves over the rest of the request is more than that:
///
///     H x (stay - move) > (1 + margin) x 2^s x (loss + r x return)
///
/// in the policy's weights, each criterion scaled by its span over the candidates: `stay` and `move` are one step with
/// warm caches, `loss` and `return` what a cold cache adds on the new and on the old model, H the steps that the request
/// is expected to take still, r = (steps on the old model + 1) / (steps + 2) how likely the run goes back to it, s the
/// moves that the session has made already: one that has gone back and forth needs ever better reasons.
/// Within a tool loop similarity has to leave a band round kappa as well: above it to move down, below it to move up. So
/// a run whose similarity hovers at kappa does not bounce. Where kappa is high there is little room above it, and what
/// little a similarity is above it says more: the band narrows with that room.
package struct CacheAffinity: Sendable {
    /// Half the width of the band round kappa, as a share of what lies between kappa and 1.
    package static let band = 0.125
    /// By how much the gain has to be greater than the cost.
    package static let margin = 0.2
    /// Steps of a request, where nothing is known of the session.
    package static let usualSteps = 3.0

    private let step: Step
    private let context: RoutingContext
    private let memory: Sessions.Memory

    package init(step: Step, memory: Sessions.Memory, context: RoutingContext) {
        self.step = step
        self.memory = memory
        self.context = context
    }

    /// Why the run stays with its last model, in words; nil where it moves, or has nothing to stay with.
    ///
    /// - Parameter stage: the part of the rule that made the choice.
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

    /// Whether the move is to the reference, or to a model of better predicted quality.
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

    /// Steps that the request is expected to take still, this one included.
    private var stepsLeft: Double {
        let perRequest = (Double(memory.steps) + Self.usualSteps) / (Double(memory.requests) + 1)
        // A request that has gone on for long goes on for long still.
        return max(perRequest - Double(step.position) + 1, Double(step.position) / 2, Double(context.horizon), 1)
    }

    /// What a move would gain and cost, weighted; nil where a model cannot be priced.
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
        let cached = isWarm && priced.model.promptCache == .kept ? min(step.cachedTokens, step.promptTokens) : 0
        let output = candidate.prediction.outputTokens.mean
        let fresh = Double(step.promptTokens - cached)
        let joules = forecast.joules(
            promptTokens: Double(step.promptTokens), cachedTokens: Double(cached), outputTokens: output)
        let usage = Usage(input: step.promptTokens - cached, cachedRead: cached, output: Int(output.rounded()))
        guard
            let cost = try? forecast.cost(
                of: usage, joules: joules, busySeconds: forecast.busySeconds(fresh, output))
        else { return nil }
        return Amounts(
            cost: Double(cost.total.nanoUSD), energy: joules,
            latency: priced.model.speed.overheadSeconds + forecast.busySeconds(fresh, output))
    }

    /// Two decimals, as people read thresholds.
    private static func text(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e9 else { return "\(value)" }
        let hundredths = Int((abs(value) * 100).rounded())
        let digits = hundredths % 100
        return "\(value < 0 ? "-" : "")\(hundredths / 100).\(digits < 10 ? "0" : "")\(digits)"
    }
}
