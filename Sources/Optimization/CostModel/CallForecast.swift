package import Domain

/// Everything one call is expected to take, before it is made, and the option that a plan sees.
///
/// cost = expected attempts' API money + joules x electricity + busy seconds x amortisation + bytes x transfer;
/// latency = queue + (network + prefill + decode) x attempts; docs/optimizer.md, section 2.
package struct CallForecast: Sendable {
    /// What a successful attempt is billed, nano-USD, and what a failed one still costs.
    package var api: Spread
    package var failedAttempt: Double
    package var retries: Retries
    /// Joules on the operator's own hardware.
    package var energy: Spread
    /// Prices of electricity and transfer.
    package var economics: Economics
    /// Nano-USD a second that the hardware is busy, and the share of the service time that it is: 1 on the operator's
    /// own hardware.
    package var amortisation: Double
    /// Bytes up and down that are paid for.
    package var transferBytes: Double
    /// Seconds: the way there and back, prefill, decode.
    package var network: Spread
    package var prefill: Spread
    package var decode: Spread
    /// The queue in front of an edge server; nil where there is none of ours.
    package var queue: QueueingDelay?
    /// Probability that the answer is acceptable, given that there is one.
    package var accuracy: Double

    package init(
        api: Spread, failedAttempt: Double = 0, retries: Retries = Retries(errorRate: 0, limit: 1),
        energy: Spread = Spread(mean: 0), economics: Economics, amortisation: Double = 0, transferBytes: Double = 0,
        network: Spread = Spread(mean: 0), prefill: Spread = Spread(mean: 0), decode: Spread,
        queue: QueueingDelay? = nil, accuracy: Double
    ) {
        self.api = api
        self.failedAttempt = failedAttempt
        self.retries = retries
        self.energy = energy
        self.economics = economics
        self.amortisation = amortisation
        self.transferBytes = transferBytes
        self.network = network
        self.prefill = prefill
        self.decode = decode
        self.queue = queue
        self.accuracy = accuracy
    }

    /// The expected cost by part, each rounded once to whole nano-USD.
    package var callCost: CallCost {
        let attempts = retries.expectedAttempts
        let services = amortisation * (prefill.mean + decode.mean) + economics.nanoUSD(bytes: transferBytes)
        return CallCost(
            api: Money(nearestNanoUSD: retries.expected(success: api.mean, failure: failedAttempt)),
            energy: Money(nearestNanoUSD: economics.nanoUSD(joules: energy.mean) * attempts),
            hardware: Money(nearestNanoUSD: services * attempts))
    }

    /// Nano-USD of the call, all parts; the variance is that of the API money and the electricity.
    package var cost: Spread {
        let paid = api.variance * retries.successProbability * retries.successProbability
        let perJoule = economics.nanoUSD(joules: 1) * retries.expectedAttempts
        return Spread(
            mean: Double(callCost.total.nanoUSD), variance: paid + energy.variance * perJoule * perJoule)
    }

    /// Joules of all attempts.
    package var joules: Spread { energy * retries.expectedAttempts }

    /// Grams of CO2e.
    package var gramsCO2e: Double { economics.gramsCO2e(joules: joules.mean) }

    /// Seconds of one attempt without the queue.
    package var serviceSeconds: Spread { network + prefill + decode }

    /// Seconds until the answer is there; infinite when the queue never ends.
    package func seconds(_ statistic: AmountStatistic) -> Double {
        let waiting =
            switch statistic {
            case .mean: queue?.meanSeconds ?? 0
            case .quantile(let share): queue?.seconds(quantile: share) ?? 0
            }
        return waiting + serviceSeconds.amount(statistic) * retries.expectedAttempts
    }

    /// What a plan sees: means, or the amounts that a share of calls does not exceed. Money is rounded to whole
    /// nano-USD. Nil when the queue never ends, so that the model cannot serve.
    package func option(_ statistic: AmountStatistic) -> AssignmentOption? {
        let latency = seconds(statistic)
        guard latency.isFinite else { return nil }
        return AssignmentOption(
            cost: cost.amount(statistic).rounded(.toNearestOrEven), energy: joules.amount(statistic), latency: latency,
            accuracy: accuracy * retries.successProbability)
    }
}
