package import Domain

/// The expected cost, time and energy of one call, and its option in a plan.
///
/// cost = expected attempts' API money + joules x electricity + busy seconds x amortisation + bytes x transfer; latency
/// = queue + (network + prefill + decode) x attempts; docs/internals/deep/cost-model.md.
package struct CallForecast: Sendable {
    /// The bill of a successful attempt and of a failed one, nano-USD.
    package var api: Spread
    package var failedAttempt: Double
    package var retries: Retries
    /// Joules on the operator's own hardware.
    package var energy: Spread
    /// Prices of electricity and transfer.
    package var economics: Economics
    /// Nano-USD per busy second of the hardware, and the busy share of the service time: 1 on the operator's own
    /// hardware.
    package var amortisation: Double
    /// Billed bytes up and down.
    package var transferBytes: Double
    /// Seconds: network round trip, prefill, decode.
    package var network: Spread
    package var prefill: Spread
    package var decode: Spread
    /// The queue of an edge server; nil at providers.
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
        let hardware = amortisation * (prefill.mean + decode.mean) + economics.nanoUSD(bytes: transferBytes)
        return CallCost(
            api: Money(nearestNanoUSD: retries.expected(success: api.mean, failure: failedAttempt)),
            energy: Money(nearestNanoUSD: economics.nanoUSD(joules: energy.mean) * attempts),
            hardware: Money(nearestNanoUSD: hardware * attempts))
    }

    /// Nano-USD of the call, all parts. The variance is that of the API money and the electricity.
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

    /// Seconds until the answer begins: queue, network and prefill.
    package var firstTokenSeconds: Double { (queue?.meanSeconds ?? 0) + network.mean + prefill.mean }

    /// Seconds until the answer is complete; infinite if the queue never ends.
    package func seconds(_ statistic: AmountStatistic) -> Double {
        let waiting =
            switch statistic {
            case .mean: queue?.meanSeconds ?? 0
            case .quantile(let share): queue?.seconds(quantile: share) ?? 0
            }
        return waiting + serviceSeconds.amount(statistic) * retries.expectedAttempts
    }

    /// The option in a plan: means, or quantiles of the calls. Money is rounded to whole nano-USD. Nil if the queue
    /// never ends, so that the model cannot serve.
    package func option(_ statistic: AmountStatistic) -> AssignmentOption? {
        let latency = seconds(statistic)
        guard latency.isFinite else { return nil }
        return AssignmentOption(
            cost: cost.amount(statistic).rounded(.toNearestOrEven), energy: joules.amount(statistic), latency: latency,
            accuracy: accuracy * retries.successProbability)
    }
}

extension AssignmentSwitch {
    /// The cost of switching to a model. It has not cached the prefix, so the prefix is billed at the fresh price (plus
    /// any cache write) and prefilled again.
    ///
    /// That is the call without the cache minus the call with it, part by part and never below 0. With one price for
    /// the whole prompt: prefix x (fresh + write - cached), prefix / prefill rate and prefix x joules a token.
    package init(cold: CallForecast, warm: CallForecast, statistic: AmountStatistic = .mean) {
        self.init(
            cost: max(0, (cold.cost.amount(statistic) - warm.cost.amount(statistic)).rounded(.toNearestOrEven)),
            energy: max(0, cold.joules.amount(statistic) - warm.joules.amount(statistic)),
            latency: max(0, cold.serviceSeconds.amount(statistic) - warm.serviceSeconds.amount(statistic)))
    }
}

/// The attempts of a call if each fails independently with the same probability, and at most `limit` are made.
package struct Retries: Sendable, Hashable {
    /// Share of calls that fail, from live error rates, 0...1.
    package var errorRate: Double
    /// Most attempts, at least 1.
    package var limit: Int

    /// Clamps the error rate to 0...1 and the limit to at least 1.
    package init(errorRate: Double, limit: Int) {
        self.errorRate = errorRate >= 0 ? min(1, errorRate) : 0
        self.limit = max(1, limit)
    }

    /// Expected attempts: 1 + e + e^2 + ... + e^(limit - 1).
    package var expectedAttempts: Double {
        var sum = 0.0
        for _ in 0..<limit { sum = 1 + errorRate * sum }
        return sum
    }

    /// Probability that one of the attempts succeeds: 1 - e^limit.
    package var successProbability: Double {
        var failure = 1.0
        for _ in 0..<limit { failure *= errorRate }
        return 1 - failure
    }

    /// Expected amount of a call: one success, and one failed attempt's amount for each failure before it.
    package func expected(success: Double, failure: Double) -> Double {
        successProbability * success + (expectedAttempts - successProbability) * failure
    }
}
