package import Core

/// The cost, time and energy of one call, before it is made.
///
/// cost = API tokens by class + joules x electricity + busy seconds x amortisation;
/// latency = overhead + prefill + decode; energy = prefill and decode joules + idle power while busy.
package struct Forecast: Sendable {
    let priced: PricedModel
    let economics: Economics

    package init(_ priced: PricedModel, economics: Economics) {
        self.priced = priced
        self.economics = economics
    }

    /// Latency in seconds of a call that finds `cachedTokens` of its prompt in the model's cache.
    package func seconds(promptTokens: Double, cachedTokens: Double = 0, outputTokens: Double) -> Double {
        priced.model.speed.seconds(
            promptTokens: max(promptTokens - cachedTokens, 0), completionTokens: outputTokens)
    }

    /// Energy in joules on the operator's hardware; 0 for a model at a provider, whose energy is in its price.
    package func joules(promptTokens: Double, cachedTokens: Double = 0, outputTokens: Double) -> Double {
        guard let energy = priced.model.energy else { return 0 }
        let fresh = max(promptTokens - cachedTokens, 0)
        return energy.joules(
            promptTokens: fresh, completionTokens: outputTokens, busySeconds: busySeconds(fresh, outputTokens))
    }

    /// Everything the call costs, for a usage and the seconds that the hardware is busy with it.
    package func cost(of usage: Usage, joules: Double, busySeconds: Double) throws(PriceError) -> CallCost {
        CallCost(
            api: try priced.price.cost(of: usage), energy: economics.price(joules: joules),
            hardware: hardware(busySeconds: busySeconds))
    }

    /// Seconds that a slot of the operator's hardware is taken.
    package func busySeconds(_ promptTokens: Double, _ outputTokens: Double) -> Double {
        let speed = priced.model.speed
        return promptTokens / speed.prefillTokensPerSecond + outputTokens / speed.decodeTokensPerSecond
    }

    private func hardware(busySeconds: Double) -> Money {
        guard let rate = priced.model.amortisation?.nanoUSDPerBusySecond else { return .zero }
        return Money(nanoUSD: Int64((rate * busySeconds).rounded(.toNearestOrEven)))
    }
}
