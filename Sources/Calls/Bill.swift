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

    /// Usage and figures of an answer. The usage is estimated if the server gave none.
    package func used(
        _ answer: ChatAnswer, timings: ServerTimings?, seconds: Double, measuredJoules: Double? = nil, logger: Logger
    ) -> PricedUsage {
        PricedUsage(
            counted: answer.usage, estimate: answer.estimatedUsage(of: prepared.step), model: priced.model.id,
            upperBound: upperBound, seconds: seconds, logger: logger
        ) { usage throws(PriceError) in
            try figures(usage: usage, timings: timings, seconds: seconds, measuredJoules: measuredJoules)
        }
    }

    /// The service tier of the decision.
    private func tier(of priced: PricedModel) -> ServiceTier {
        prepared.decision.candidate(priced.model.id)?.serviceTier ?? .standard
    }

    /// The predicted figures.
    var predicted: CallFigures {
        guard let candidate = prepared.decision.candidate(priced.model.id) else { return .zero }
        return CallFigures(
            cost: candidate.cost, energyJoules: candidate.energyJoules, latencySeconds: candidate.latencySeconds)
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

    /// The highest possible use, in every unit of budgets.
    package var upperBound: Amounts {
        let prompt = prepared.step.read(by: priced.model).promptTokensAtMost
        let most = Candidates.outputTokensAtMost(priced.model, step: prepared.step)
        let forecast = Forecast(priced, economics: prepared.context.economics, tier: tier(of: priced))
        let joules = forecast.joules(
            promptTokens: Double(prompt), outputTokens: Double(most))
        return Amounts(
            money: prepared.decision.candidate(priced.model.id)?.worstCaseCost ?? .zero,
            tokens: Int64(prompt + most), microjoules: Amounts.microjoules(joules) ?? .max)
    }
}

extension ChatAnswer {
    /// The usage if the provider reports none: the estimated prompt and the tokens of the visible answer.
    package func estimatedUsage(of step: Step) -> Usage {
        let written = text.utf8.count + toolCalls.reduce(0) { $0 + $1.arguments.utf8.count }
        return Usage(input: step.promptTokens, output: TokenEstimate(bytes: written, messages: 1).likely)
    }
}
