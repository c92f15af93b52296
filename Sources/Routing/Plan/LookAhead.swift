import Domain
import Optimization

/// One candidate over the steps ahead: what it would cost at each, and what moving to it then would cost on top.
struct LookAhead {
    private let forecast: Forecast
    private let prediction: Prediction
    private let mostOutput: Int
    private let promptTokens: Double
    private let cachedTokens: Double
    private let keepsPrompts: Bool
    private let statistic: AmountStatistic

    /// Tokens that a tool's answer or a user's remark adds between two steps; measured on no run of the operator's yet.
    static let observationTokens = 60.0

    init(_ candidate: Candidate, _ priced: PricedModel, step: Step, context: RoutingContext) {
        forecast = Forecast(priced, economics: context.economics, tier: candidate.serviceTier)
        prediction = candidate.prediction
        mostOutput = Candidates.outputTokensAtMost(priced.model, step: step)
        promptTokens = Double(step.read(by: priced.model).promptTokens)
        cachedTokens = Candidates.cachedTokens(of: priced.model, step: step)
        keepsPrompts = priced.model.promptCache == .kept
        statistic = context.policy.plan.statistic
    }

    /// What the plan sees of the step itself; nil where it cannot be priced. A lost cache is in these amounts already.
    var now: AssignmentOption? { call(promptTokens, cached: cachedTokens)?.option(statistic) }

    /// What the plan sees of the call some steps on, at least one; nil where it cannot be priced.
    ///
    /// The prompt is today's, and an answer and an observation more for each step between. A model that stays finds
    /// everything but the newest observation in its cache; one that is moved to finds nothing.
    func after(_ steps: Int) -> (option: AssignmentOption, move: AssignmentSwitch)? {
        let prompt = promptTokens + Double(steps) * (prediction.outputTokens.mean + Self.observationTokens)
        guard let warm = call(prompt, cached: keepsPrompts ? max(prompt - Self.observationTokens, 0) : 0),
            let option = warm.option(statistic)
        else { return nil }
        guard let cold = call(prompt, cached: 0) else { return (option, .free) }
        return (option, AssignmentSwitch(cold: cold, warm: warm, statistic: statistic))
    }

    private func call(_ prompt: Double, cached: Double) -> CallForecast? {
        try? forecast.call(
            promptTokens: prompt, cachedTokens: cached, prediction: prediction, mostOutput: mostOutput)
    }
}
