import Core
import Optimization

/// One candidate a number of steps ahead: what it would cost then, and what moving to it then would cost on top.
struct Ahead {
    /// 0 for the step itself.
    let steps: Int
    let step: Step
    let candidate: Candidate
    let priced: PricedModel
    let context: RoutingContext

    /// Tokens that a tool's answer or a user's remark adds between two steps; measured on no run of the operator's yet.
    static let observationTokens = 60.0

    /// Prompt of that step: today's, and an answer and an observation more for each step between.
    private var promptTokens: Double {
        Double(step.promptTokens) + Double(steps) * (candidate.prediction.outputTokens.mean + Self.observationTokens)
    }

    /// What the plan sees of the call; nil where it cannot be priced.
    var option: AssignmentOption? {
        // A model that stays finds everything but the newest observation in its cache.
        let cached = steps > 0 ? warmTokens : Candidates.cachedTokens(of: priced.model, step: step)
        return call(cached: cached)?.option(context.policy.plan.reading)
    }

    /// The lost cache. The first step's candidates carry it in their own amounts.
    var move: AssignmentSwitch {
        guard steps > 0, let cold = call(cached: 0), let warm = call(cached: warmTokens) else { return .free }
        return AssignmentSwitch(cold: cold, warm: warm, reading: context.policy.plan.reading)
    }

    private var warmTokens: Double { max(promptTokens - Self.observationTokens, 0) }

    private func call(cached: Double) -> CallForecast? {
        try? Forecast(priced, economics: context.economics, tier: candidate.serviceTier).call(
            promptTokens: promptTokens, cachedTokens: cached, prediction: candidate.prediction,
            mostOutput: Candidates.outputTokensAtMost(priced.model, step: step))
    }
}
