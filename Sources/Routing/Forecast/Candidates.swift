package import Domain
import Optimization

/// Builds the candidates of a step: each model's predicted quality, cost and latency, or why it cannot serve.
package enum Candidates {
    /// One candidate per model of the context, in its order.
    package static func of(
        _ step: Step, in context: RoutingContext, predicting: (Model) -> Prediction
    ) -> [Candidate] {
        let candidates = context.models.map {
            candidate(of: $0, step: step, context: context, prediction: predicting($0.model))
        }
        // Where none begins in time, the policy says whether another one may.
        guard step.isStream, context.policy.firstTokenSeconds != nil, context.policy.onInfeasible != .reject,
            !candidates.contains(where: { $0.rejection == nil })
        else { return candidates }
        var wider = context
        wider.policy.firstTokenSeconds = nil
        return of(step, in: wider, predicting: predicting)
    }

    /// The longest possible answer of this model to this step, tokens.
    package static func outputTokensAtMost(_ model: Model, step: Step) -> Int {
        let room = max(model.contextTokens - step.size(for: model).promptTokens, 1)
        return min(step.maxOutputTokens ?? model.maxOutputTokens, model.maxOutputTokens, room)
    }

    /// The candidate of one model.
    static func candidate(
        of priced: PricedModel, step: Step, context: RoutingContext, prediction: Prediction
    ) -> Candidate {
        let model = priced.model
        let size = step.size(for: model)
        var candidate = Candidate(
            model: model.id, placement: model.placement, prediction: prediction, cost: .zero, worstCaseCost: .zero,
            latencySeconds: 0, energyJoules: 0,
            rejection: rejection(of: model, step: step, size, policy: context.policy))
        do {
            candidate.serviceTier = serviceTier(
                of: priced, step: step, size, prediction: prediction, context: context)
            let forecast = Forecast(priced, economics: context.economics, tier: candidate.serviceTier)
            let (calls, answers) = shares(of: step, model)
            let most = answers * outputTokensAtMost(model, step: step)
            let caching = PromptCaching(priced, step: step, tier: candidate.serviceTier, isBatch: context.isBatch)
            let prompt = Double(size.promptTokens)
            let call = try forecast.call(
                promptTokens: prompt, cachedTokens: caching.cachedTokens, writesCache: caching.writes(prompt),
                prediction: prediction.times(answers), mostOutput: most)
            candidate.cost = call.callCost.times(calls)
            candidate.latencySeconds = call.seconds(.mean)
            candidate.energyJoules = call.joules.mean
            candidate.rejection =
                candidate.rejection ?? lateness(of: call.firstTokenSeconds, step: step, policy: context.policy)
            candidate.worstCaseCost = try worstCase(forecast, size, mostOutput: most).times(calls)
            if candidate.serviceTier != .standard, candidate.serviceTier != .batch {
                // A server may serve and bill the standard tier instead of the requested one. A batch API serves
                // batches only and bills their rates.
                let standard = Forecast(priced, economics: context.economics, tier: .standard)
                candidate.worstCaseCost = max(
                    candidate.worstCaseCost, try worstCase(standard, size, mostOutput: most).times(calls))
            }
        } catch {
            candidate.rejection = candidate.rejection ?? error.description
        }
        return candidate
    }

    /// The calls that a step takes of a model, and the answers of each: one call where its server gives several.
    package static func shares(of step: Step, _ model: Model) -> (calls: Int, answers: Int) {
        model.capabilities.contains(.choices) ? (1, step.choices) : (step.choices, 1)
    }

    /// The cheapest service tier that the policy admits and the model has a price for. Only rows of a batch can have
    /// batch rates.
    private static func serviceTier(
        of priced: PricedModel, step: Step, _ size: PromptSize, prediction: Prediction, context: RoutingContext
    ) -> ServiceTier {
        guard context.policy.plan.serviceTiers != [.standard] else { return .standard }
        let admitted = context.policy.plan.serviceTiers.filter { $0 != .batch || context.isBatch }
        let output = min(prediction.outputTokens.mean, Double(outputTokensAtMost(priced.model, step: step)))
        return priced.price.cheapestTier(
            of: admitted, for: Usage(input: size.promptTokens, output: Int(output.rounded())))
    }

    /// The highest possible bill of the step. Every byte of the prompt is a token of the most expensive input class,
    /// the longest answer is in its most expensive class, plus the energy and hardware of that call.
    private static func worstCase(
        _ forecast: Forecast, _ size: PromptSize, mostOutput: Int
    ) throws(PriceError) -> Money {
        let prompt = Double(size.promptTokensAtMost)
        let output = Double(mostOutput)
        let busy = forecast.busySeconds(prompt, output)
        let joules = forecast.joules(promptTokens: prompt, outputTokens: output)
        let rates = forecast.priced.price.rates(
            tier: forecast.tier, promptTokens: size.promptTokensAtMost)
        let input = rates.price(of: .input) ?? .zero
        let shortWrite = rates.price(of: .cacheWrite5m) ?? .zero
        let longWrite = rates.price(of: .cacheWrite1h) ?? .zero
        var usage = Usage()
        if longWrite > max(input, shortWrite) {
            usage.cacheWrite1h = size.promptTokensAtMost
        } else if shortWrite > input {
            usage.cacheWrite5m = size.promptTokensAtMost
        } else {
            usage.input = size.promptTokensAtMost
        }
        if (rates.price(of: .reasoning) ?? .zero) > (rates.price(of: .output) ?? .zero) {
            usage.reasoning = mostOutput
        } else {
            usage.output = mostOutput
        }
        return try forecast.cost(of: usage, joules: joules, busySeconds: busy).total
    }

    /// Why a stream would begin too late; nil where it would not.
    private static func lateness(of seconds: Double, step: Step, policy: Policy) -> String? {
        guard step.isStream, let most = policy.firstTokenSeconds, seconds > most else { return nil }
        let expected = (seconds * 1000).rounded() / 1000
        return "its first token is expected after \(expected) s, first_token_s is \(most)"
    }

    /// Marks the rejections of prompts that are too long for a model; decisions are stored with the text alone.
    static let contextOverflow = "does not fit its context"

    /// Why a model cannot serve a step; nil if it can.
    private static func rejection(of model: Model, step: Step, _ size: PromptSize, policy: Policy) -> String? {
        if !policy.models.admits(model.id) { return "not allowed by policy.models" }
        if !policy.placement.admits(model.placement) {
            return "runs on \(model.placement.rawValue), policy.placement is \(policy.placement.rawValue)"
        }
        if !step.needs.isSubset(of: model.capabilities),
            let need = step.needs.subtracting(model.capabilities).map(\.rawValue).min()
        {
            return "has no capability '\(need)'"
        }
        if let need = step.wireNeed, need.wire != model.endpoint.wire {
            return "'\(need.member)' is known to servers of the \(need.wire.rawValue) format alone"
        }
        if size.promptTokens >= model.contextTokens {
            return "the prompt of about \(size.promptTokens) tokens \(contextOverflow) of \(model.contextTokens)"
        }
        return nil
    }
}

extension Prediction {
    /// The same with the words of several answers.
    fileprivate func times(_ answers: Int) -> Prediction {
        guard answers > 1 else { return self }
        var copy = self
        copy.outputTokens.mean *= Double(answers)
        copy.outputTokens.p95 *= Double(answers)
        return copy
    }
}
