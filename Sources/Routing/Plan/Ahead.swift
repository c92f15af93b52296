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

    var option: AssignmentOption {
        let quality = min(max(candidate.prediction.quality, 0), 1)
        guard steps > 0 else {
            return AssignmentOption(
                cost: Double(candidate.cost.total.nanoUSD), energy: candidate.energyJoules,
                latency: candidate.latencySeconds, accuracy: quality)
        }
        // A model that stays finds everything but the newest observation in its cache.
        let amounts = amounts(cached: max(promptTokens - Self.observationTokens, 0))
        return AssignmentOption(
            cost: amounts.cost, energy: amounts.energy, latency: amounts.latency, accuracy: quality)
    }

    /// The lost cache: the call without cached tokens less the call with them. The first step's candidates carry it in
    /// their own amounts.
    var move: AssignmentSwitch {
        guard steps > 0 else { return .free }
        let warm = amounts(cached: max(promptTokens - Self.observationTokens, 0))
        let cold = amounts(cached: 0)
        return AssignmentSwitch(
            cost: max(cold.cost - warm.cost, 0), energy: max(cold.energy - warm.energy, 0),
            latency: max(cold.latency - warm.latency, 0))
    }

    private func amounts(cached: Double) -> (cost: Double, energy: Double, latency: Double) {
        let forecast = Forecast(priced, economics: context.economics)
        let output = candidate.prediction.outputTokens.mean
        let joules = forecast.joules(promptTokens: promptTokens, cachedTokens: cached, outputTokens: output)
        let usage = Usage(
            input: Int(promptTokens - cached), cachedRead: Int(cached), output: Int(output))
        let busy = forecast.busySeconds(promptTokens - cached, output)
        // The same model was priced for this step already, so it can be priced here.
        let cost = (try? forecast.cost(of: usage, joules: joules, busySeconds: busy).total.nanoUSD) ?? .max
        return (
            min(Double(cost), 9e15), joules,
            forecast.seconds(promptTokens: promptTokens, cachedTokens: cached, outputTokens: output)
        )
    }
}
