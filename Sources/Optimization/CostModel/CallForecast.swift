/// Everything one call is expected to take, before it is made, and the option that a plan sees.
///
/// cost = expected attempts' API money + joules x electricity + busy seconds x amortisation + bytes x transfer;
/// latency = network + queue + prefill + decode; docs/optimizer.md, section 2.
package struct CallForecast: Sendable {
    /// What a successful attempt is billed, nano-USD, and what a failed one still costs.
    package var api: Spread
    package var failedAttempt: Double
    package var retries: Retries
    /// Joules on the operator's own hardware.
    package var energy: Spread
    package var electricity: Electricity
    /// Nano-USD a busy second.
    package var amortisation: Double
    /// Bytes up and down, and nano-USD a byte.
    package var transferBytes: Double
    package var transferPrice: Double
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
        energy: Spread = Spread(mean: 0), electricity: Electricity, amortisation: Double = 0,
        transferBytes: Double = 0, transferPrice: Double = 0, network: Spread = Spread(mean: 0),
        prefill: Spread = Spread(mean: 0), decode: Spread, queue: QueueingDelay? = nil, accuracy: Double
    ) {
        self.api = api
        self.failedAttempt = failedAttempt
        self.retries = retries
        self.energy = energy
        self.electricity = electricity
        self.amortisation = amortisation
        self.transferBytes = transferBytes
        self.transferPrice = transferPrice
        self.network = network
        self.prefill = prefill
        self.decode = decode
        self.queue = queue
        self.accuracy = accuracy
    }

    /// Nano-USD of the call, all parts; the variance is that of the API money and the electricity.
    package var cost: Spread {
        let busy = prefill.mean + decode.mean
        let fixed =
            retries.expected(success: 0, failure: failedAttempt)
            + (amortisation * busy + transferBytes * transferPrice) * retries.expectedAttempts
        let variable =
            api * retries.successProbability
            + energy * (electricity.nanoUSD(joules: 1) * retries.expectedAttempts)
        return Spread(mean: variable.mean + fixed, variance: variable.variance)
    }

    /// Grams of CO2e.
    package var gramsCO2e: Double { electricity.gramsCO2e(joules: energy.mean * retries.expectedAttempts) }

    /// Seconds without the queue.
    package var serviceSeconds: Spread { network + prefill + decode }

    /// What a plan sees: means, or the amounts that a share of calls does not exceed. Money is rounded to whole
    /// nano-USD. Nil when the queue never ends, so that the model cannot serve.
    package func option(_ reading: Spread.Reading) -> AssignmentOption? {
        let waiting =
            switch reading {
            case .mean: queue?.meanSeconds ?? 0
            case .quantile(let share): queue?.seconds(quantile: share) ?? 0
            }
        guard waiting.isFinite else { return nil }
        return AssignmentOption(
            cost: cost.amount(reading).rounded(.toNearestOrEven),
            energy: energy.amount(reading) * retries.expectedAttempts,
            latency: waiting + serviceSeconds.amount(reading) * retries.expectedAttempts,
            accuracy: accuracy * retries.successProbability)
    }
}
