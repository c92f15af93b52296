package import Domain
package import Optimization

/// The cost, time and energy of a model's calls: expected before them, true after.
///
/// The one cost model of live candidates, plans and accounting; docs/internals/deep/cost-model.md.
package struct Forecast: Sendable {
    let priced: PricedModel
    let economics: Economics
    /// The service tier of the bill.
    let tier: ServiceTier

    /// Bytes of JSON per token, for the cost of transfer: English text has about four characters a token.
    static let bytesPerToken = 4.0
    /// A failed call is repeated once on the next model, at an assumed equal cost.
    static let attempts = 2

    package init(_ priced: PricedModel, economics: Economics, tier: ServiceTier = .standard) {
        self.priced = priced
        self.economics = economics
        self.tier = tier
    }

    /// Forecasts a call.
    ///
    /// - Parameters:
    ///   - cachedTokens: the part of the prompt in the model's cache.
    ///   - writesCache: whether the rest of the prompt is written to the cache, at the price of that.
    ///   - mostOutput: the longest answer allowed, tokens.
    /// - Throws: if the catalog has no price for a class that the call would use.
    package func call(
        promptTokens: Double, cachedTokens: Double, writesCache: Bool = false, prediction: Prediction, mostOutput: Int
    ) throws(PriceError) -> CallForecast {
        let most = Double(mostOutput)
        let mean = min(prediction.outputTokens.mean, most)
        let output = Spread(mean: mean, quantile: max(mean, min(prediction.outputTokens.p95, most)))
        let fresh = max(promptTokens - cachedTokens, 0)
        let usage = Self.usage(
            prompt: Int(promptTokens), cached: Int(cachedTokens), writesCache: writesCache, output: Int(mean.rounded()))
        let model = priced.model
        let rates = priced.price.rates(tier: tier, promptTokens: usage.promptTokens)
        let tokenPrice = Double(rates.price(of: .output)?.nanoUSDPerMillion ?? 0) / 1e6
        let idle = (model.energy?.idleWatts ?? 0) / model.speed.decodeTokensPerSecond
        let perToken = (model.energy?.joulesPerDecodeToken ?? 0) + idle
        let time = time(fresh: fresh, output: output, recorded: prediction.speed)
        return CallForecast(
            api: Spread(
                mean: Double(try priced.price.cost(of: usage, tier: tier).nanoUSD),
                variance: output.variance * tokenPrice * tokenPrice),
            retries: Retries(errorRate: priced.live.errorRate, limit: Self.attempts),
            energy: Spread(
                mean: joules(promptTokens: promptTokens, cachedTokens: cachedTokens, outputTokens: mean),
                variance: output.variance * perToken * perToken),
            economics: economics, amortisation: model.amortisation?.nanoUSDPerBusySecond ?? 0,
            transferBytes: transferBytes(tokens: promptTokens + mean), network: time.network, prefill: time.prefill,
            decode: time.decode, queue: queue(serviceSeconds: time.prefill.mean + time.decode.mean),
            accuracy: min(max(prediction.quality, 0), 1))
    }

    /// The usage of a call whose prompt is partly in the cache.
    package static func usage(prompt: Int, cached: Int, writesCache: Bool, output: Int) -> Usage {
        let fresh = prompt - cached
        return Usage(
            input: writesCache ? 0 : fresh, cachedRead: cached, cacheWrite5m: writesCache ? fresh : 0, output: output)
    }

    /// Network, prefill and decode. Recorded figures apply at providers. The catalog's speed applies on the operator's
    /// own hardware, which no recording covers, and without recordings.
    private func time(
        fresh: Double, output: Spread, recorded: AnswerSpeed?
    ) -> (network: Spread, prefill: Spread, decode: Spread) {
        if let recorded, priced.model.placement == .cloud {
            return (Spread(mean: recorded.firstTokenSeconds), Spread(mean: 0), output * recorded.secondsPerToken)
        }
        let speed = priced.model.speed
        return (
            Spread(mean: speed.overheadSeconds), Spread(mean: fresh / speed.prefillTokensPerSecond),
            output * (1 / speed.decodeTokensPerSecond)
        )
    }

    /// The queue of the operator's own server, from its live arrivals. The service time is measured, or else predicted.
    private func queue(serviceSeconds: Double) -> QueueingDelay? {
        guard let slots = priced.model.slots, priced.live.arrivalsPerSecond > 0 else { return nil }
        return try? QueueingDelay(
            arrivalsPerSecond: priced.live.arrivalsPerSecond,
            serviceSeconds: priced.live.serviceSeconds ?? serviceSeconds, slots: slots,
            overload: .init(waiting: priced.live.waiting, seconds: LiveRate.memorySeconds))
    }

    /// Joules on the operator's hardware. 0 for a model at a provider, whose energy is part of its price.
    package func joules(promptTokens: Double, cachedTokens: Double = 0, outputTokens: Double) -> Double {
        guard let energy = priced.model.energy else { return 0 }
        let fresh = max(promptTokens - cachedTokens, 0)
        return energy.joules(
            promptTokens: fresh, completionTokens: outputTokens, busySeconds: busySeconds(fresh, outputTokens))
    }

    /// The cost of one attempt, from its usage and the busy seconds of the hardware.
    package func cost(of usage: Usage, joules: Double, busySeconds: Double) throws(PriceError) -> CallCost {
        let bytes = transferBytes(tokens: Double(usage.promptTokens + usage.completionTokens))
        let hardware = (priced.model.amortisation?.nanoUSDPerBusySecond ?? 0) * busySeconds
        return CallCost(
            api: try priced.price.cost(of: usage, tier: tier), energy: economics.price(joules: joules),
            hardware: Money(nearestNanoUSD: hardware + economics.nanoUSD(bytes: bytes)))
    }

    /// Seconds that the call occupies a slot of the operator's hardware.
    package func busySeconds(_ promptTokens: Double, _ outputTokens: Double) -> Double {
        let speed = priced.model.speed
        return promptTokens / speed.prefillTokensPerSecond + outputTokens / speed.decodeTokensPerSecond
    }

    /// Bytes over the operator's line; none if the model runs on its side of it.
    private func transferBytes(tokens: Double) -> Double {
        priced.model.placement == .cloud ? tokens * Self.bytesPerToken : 0
    }
}
