import Domain
package import Optimization

/// The options of a plan: each candidate's amounts at each step of the horizon that the rule is expected to give it.
struct PlanRows {
    /// `[step][candidate]`; nil if the rule is expected to refuse it, or if it cannot be priced.
    private(set) var options: [[AssignmentOption?]]
    private(set) var switching: [[AssignmentSwitch]]
    /// This step's option of every candidate, expected to pass or not.
    private(set) var first: [AssignmentOption]
    /// Whether each candidate is expected to pass at this step.
    let passes: [Bool]

    init(_ step: Step, candidates: [Candidate], tests: ExpectedTests, steps: Int, context: RoutingContext) {
        options = Array(repeating: Array(repeating: nil, count: candidates.count), count: steps)
        switching = Array(repeating: Array(repeating: .free, count: candidates.count), count: steps)
        first = candidates.map(\.option)
        passes = candidates.map { tests.pass($0) }
        for index in candidates.indices {
            guard let place = context.place(of: candidates[index].model, near: index) else { continue }
            let ahead = LookAhead(candidates[index], context.models[place], step: step, context: context)
            guard let now = ahead.now else { continue }
            first[index] = now
            for row in 0..<steps {
                guard context.shape == .chain, row > 0 else {
                    if passes[index] { options[row][index] = now }
                    continue
                }
                guard tests.pass(candidates[index], ahead: row), let later = ahead.after(row) else { continue }
                options[row][index] = later.option
                switching[row][index] = later.move
            }
        }
    }
}

extension RoutingContext {
    /// The index of a model in `models`, looked for at a place first.
    func place(of model: ModelID, near guess: Int) -> Int? {
        if models.indices.contains(guess), models[guess].model.id == model { return guess }
        return models.firstIndex { $0.model.id == model }
    }

    /// The index of each model in `models`.
    var places: [ModelID: Int] {
        Dictionary(models.enumerated().map { ($1.model.id, $0) }) { first, _ in first }
    }
}

extension Candidate {
    /// The expected amounts of this step as an option.
    package var option: AssignmentOption {
        AssignmentOption(
            cost: Double(cost.total.nanoUSD), energy: energyJoules, latency: latencySeconds,
            accuracy: min(max(prediction.quality, 0), 1))
    }
}

/// One candidate over the steps ahead: its cost at each, and the extra cost of switching to it there.
struct LookAhead {
    private let forecast: Forecast
    private let prediction: Prediction
    private let mostOutput: Int
    private let promptTokens: Double
    private let caching: PromptCaching
    private let statistic: AmountStatistic

    /// Assumed tokens that a tool result or a user's message adds between two steps. No measurement of the operator's
    /// runs exists yet.
    static let observationTokens = 60.0

    init(_ candidate: Candidate, _ priced: PricedModel, step: Step, context: RoutingContext) {
        if step.isAsked(asItIs: candidate), !step.losesCache(priced.model, at: candidate.effort?.level) {
            self.init(candidate, priced, asked: step, context: context)
        } else {
            let asked = step.asked(of: candidate).asking(priced.model, at: candidate.effort?.level)
            self.init(candidate, priced, asked: asked, context: context)
        }
    }

    /// - Parameter step: the step as the candidate is asked.
    private init(_ candidate: Candidate, _ priced: PricedModel, asked step: Step, context: RoutingContext) {
        forecast = Forecast(priced, economics: context.economics, tier: candidate.serviceTier)
        prediction = candidate.prediction
        mostOutput = Candidates.outputTokensAtMost(priced.model, step: step)
        promptTokens = Double(step.size(for: priced.model).promptTokens)
        caching = PromptCaching(priced, step: step, tier: candidate.serviceTier, isBatch: context.isBatch)
        statistic = context.policy.plan.statistic
    }

    /// The option of the step itself; nil if it cannot be priced. These amounts include a lost cache.
    var now: AssignmentOption? { call(promptTokens, cached: caching.cachedTokens)?.option(statistic) }

    /// The option of the call some steps ahead, at least one; nil if it cannot be priced.
    ///
    /// Each step in between adds an answer and an observation to today's prompt. A model that stays has everything but
    /// the newest observation in its cache. A model that is switched to has nothing.
    func after(_ steps: Int) -> (option: AssignmentOption, move: AssignmentSwitch)? {
        let prompt = promptTokens + Double(steps) * (prediction.outputTokens.mean + Self.observationTokens)
        guard let warm = call(prompt, cached: caching.read(max(prompt - Self.observationTokens, 0))),
            let option = warm.option(statistic)
        else { return nil }
        guard let cold = call(prompt, cached: 0) else { return (option, .free) }
        return (option, AssignmentSwitch(cold: cold, warm: warm, statistic: statistic))
    }

    private func call(_ prompt: Double, cached: Double) -> CallForecast? {
        try? forecast.call(
            promptTokens: prompt, cachedTokens: cached, writesCache: caching.writes(prompt), prediction: prediction,
            mostOutput: mostOutput)
    }
}
