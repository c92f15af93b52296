package import Dialects
package import Domain
package import Ledger
package import Logging
package import Routing
import Upstream

/// Converts a call's usage to ledger figures: money, energy and time, and the same on the reference model.
package struct Bill {
    let prepared: PreparedStep
    let priced: PricedModel
    /// The service tier that the answer names; it may differ from the requested one.
    package var served: ServiceTier?

    package init(prepared: PreparedStep, priced: PricedModel, served: ServiceTier? = nil) {
        self.prepared = prepared
        self.priced = priced
        self.served = served
    }

    /// True figures of a finished call.
    ///
    /// Energy and hardware are charged for the server's own busy seconds, or else for the catalog's prediction of them.
    ///
    /// - Parameter measuredJoules: joules by this machine's counter; nil uses the catalog's estimate.
    package func figures(
        usage: Usage, timings: ServerTimings?, seconds: Double, measuredJoules: Double? = nil
    ) throws(PriceError) -> CallFigures {
        let forecast = Forecast(priced, economics: prepared.context.economics, tier: served ?? tier(of: priced))
        let fresh = Double(usage.promptTokens - usage.cachedRead)
        let output = Double(usage.completionTokens)
        let busy = timings.map { $0.prefillSeconds + $0.decodeSeconds } ?? forecast.busySeconds(fresh, output)
        let joules =
            measuredJoules
            ?? priced.model.energy?.joules(promptTokens: fresh, completionTokens: output, busySeconds: busy) ?? 0
        return CallFigures(
            cost: try forecast.cost(of: usage, joules: joules, busySeconds: busy), energyJoules: joules,
            latencySeconds: seconds)
    }

    /// Usage and figures of an answer. What the server did not count in a believable way is estimated.
    ///
    /// - Parameter pieces: of a stream; each had a token at least.
    package func used(
        _ answer: ChatAnswer, ending: AnswerEnding = .whole, pieces: Int = 0, timings: ServerTimings?, seconds: Double,
        measuredJoules: Double? = nil, logger: Logger
    ) -> PricedUsage {
        let (usage, isCounted) = usage(of: answer, ending, pieces: pieces)
        return PricedUsage(
            usage, isCounted: isCounted, model: priced.model.id, upperBound: upperBound, seconds: seconds,
            logger: logger
        ) { usage throws(PriceError) in
            try figures(usage: usage, timings: timings, seconds: seconds, measuredJoules: measuredJoules)
        }
    }

    /// The usage to bill, and whether the server counted it.
    private func usage(
        of answer: ChatAnswer, _ ending: AnswerEnding, pieces: Int
    ) -> (usage: Usage, isCounted: Bool) {
        let model = priced.model
        let reported = answer.reported ?? .none
        // Of several answers one is read.
        let answers = Candidates.shares(of: prepared.step, model).answers
        let estimate = Usage(
            input: prepared.step.size(for: model).promptTokens,
            output: max(answers * answer.writtenTokens, pieces))
        // A prompt that the catalog's context cannot hold is refused, and no answer is longer than its limit.
        let most = max(model.contextTokens, upperPromptTokens) + answers * model.maxOutputTokens
        var (usage, isCounted) = reported.filled(by: estimate, most: most, bytes: answer.readableBytes)
        guard ending != .whole else { return (usage, isCounted) }
        // Counts in the middle are of what had been written by then.
        var least = estimate.completionTokens
        if ending == .lost {
            least = max(least, answers * Candidates.outputTokensAtMost(model, step: prepared.step))
            if !reported.countsPrompt { usage.input += max(0, upperPromptTokens - usage.promptTokens) }
        }
        usage.output += max(0, least - usage.completionTokens)
        return (usage, false)
    }

    /// The service tier of the decision.
    private func tier(of priced: PricedModel) -> ServiceTier {
        prepared.decision.candidate(priced.model.id)?.serviceTier ?? .standard
    }

    /// The predicted figures.
    var predicted: CallFigures {
        guard let candidate = prepared.decision.candidate(priced.model.id) else { return .zero }
        return CallFigures(
            cost: candidate.cost.divided(by: prepared.callsOfStep), energyJoules: candidate.energyJoules,
            latencySeconds: candidate.latencySeconds)
    }

    /// The same tokens on the reference model; nil if it cannot be priced.
    ///
    /// The length of the reference's own answer is unknown. If both models run on the operator's hardware, the reference
    /// is assumed to miss its catalog speed by the same factor as the answering model.
    package func baseline(usage: Usage, true figures: CallFigures, timings: ServerTimings?) -> Baseline? {
        let reference = prepared.decision.reference
        guard prepared.purpose == .step else { return Baseline(model: reference, figures: .zero) }
        if reference == priced.model.id { return Baseline(model: reference, figures: figures) }
        guard let other = prepared.context.models.first(where: { $0.model.id == reference }) else { return nil }
        let forecast = Forecast(other, economics: prepared.context.economics, tier: tier(of: other))
        let prompt = Double(usage.promptTokens)
        let cached = Double(usage.cachedRead)
        let output = Double(usage.completionTokens)
        let joules = forecast.joules(promptTokens: prompt, cachedTokens: cached, outputTokens: output)
        var slowness = 1.0
        if let timings, other.model.placement == .edge {
            let expected = Forecast(priced, economics: prepared.context.economics, tier: tier(of: priced)).busySeconds(
                prompt - cached, output)
            if expected > 0 { slowness = (timings.prefillSeconds + timings.decodeSeconds) / expected }
        }
        let busy = forecast.busySeconds(prompt - cached, output) * slowness
        guard let cost = try? forecast.cost(of: usage, joules: joules, busySeconds: busy) else { return nil }
        return Baseline(
            model: reference,
            figures: CallFigures(
                cost: cost, energyJoules: joules,
                latencySeconds: other.model.speed.overheadSeconds + busy))
    }

    /// The planned call, for its reservation and its entry.
    package func planned(baseline: Baseline?) -> PlannedCall {
        PlannedCall(
            runID: prepared.step.runID, attribution: prepared.attribution, decisionID: prepared.decision.id,
            model: priced.model.id, provider: priced.model.provider, placement: priced.model.placement,
            stage: prepared.purpose == .audit ? nil : prepared.decision.stage, policy: prepared.policyName,
            tier: served ?? tier(of: priced), catalogVersion: prepared.decision.catalogVersion,
            priceAsOf: priced.price.asOf, predicted: predicted, baseline: baseline)
    }

    /// The most tokens that the prompt can have.
    private var upperPromptTokens: Int { prepared.step.size(for: priced.model).promptTokensAtMost }

    /// The highest possible use, in every unit of budgets.
    package var upperBound: Amounts {
        let prompt = upperPromptTokens
        let answers = Candidates.shares(of: prepared.step, priced.model).answers
        let most = answers * Candidates.outputTokensAtMost(priced.model, step: prepared.step)
        let forecast = Forecast(priced, economics: prepared.context.economics, tier: tier(of: priced))
        let joules = forecast.joules(
            promptTokens: Double(prompt), outputTokens: Double(most))
        return Amounts(
            money: (prepared.decision.candidate(priced.model.id)?.worstCaseCost ?? .zero)
                .divided(by: prepared.callsOfStep),
            tokens: Int64(prompt + most), microjoules: Amounts.microjoules(joules) ?? .max)
    }
}

/// How far a call's answer was read.
package enum AnswerEnding: Hashable, Sendable {
    /// To its end.
    case whole
    /// To an error that its server put in place of the rest.
    case stopped
    /// To where it was broken off after its client had left. Its server stops there, too.
    case abandoned
    /// To where it broke off. The server may have gone on, and billed all that was reserved.
    case lost
}
