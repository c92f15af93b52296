package import Domain

/// The inputs of a decision apart from the step, as values read once per decision.
package struct RoutingContext: Sendable {
    /// The callable models, with the prices of the day.
    package var models: [PricedModel]
    package var economics: Economics
    package var policy: Policy
    /// The remainder of the run's limits.
    package var remaining: Remaining
    /// Expected steps of the run from this one on, this one included; at least 1.
    package var horizon: Int
    /// How those steps depend on each other.
    package var shape: RunShape
    /// Version of the catalog that named the prices.
    package var catalogVersion: String
    /// Whether the step is a row of a batch that goes to a batch API, with its own rates.
    package var isBatch = false
    /// The addend of kappa from the quality controller; 0 without one.
    package var kappaOffset: Double
    /// The multiple of the fitted price of lost quality, from the pace of the policy's losses.
    package var priceFactor = 1.0
    /// The rest of a session with limits, where a value was learned for such sessions; nil prices it by the plan alone.
    package var rest: SessionRest?

    package init(
        models: [PricedModel], economics: Economics, policy: Policy, remaining: Remaining, horizon: Int,
        shape: RunShape = .chain, catalogVersion: String, kappaOffset: Double = 0
    ) {
        self.models = models
        self.economics = economics
        self.policy = policy
        self.remaining = remaining
        self.horizon = max(horizon, 1)
        self.shape = shape
        self.catalogVersion = catalogVersion
        self.kappaOffset = kappaOffset
    }
}

/// How the steps of a plan's horizon depend on each other.
package enum RunShape: Hashable, Sendable {
    /// Each step continues the previous one: the prompt grows, a switch of models loses the cache, times add up.
    case chain
    /// Subtasks of a graph: each has its own prompt and does not wait for the others.
    case siblings
}

/// A model with the price of today and its live measurements.
///
/// A class, because each call hands its models on from layer to layer.
package final class PricedModel: Sendable {
    package let model: Model
    package let price: Price
    package let live: LiveRate

    package init(model: Model, price: Price, live: LiveRate = .none) {
        self.model = model
        self.price = price
        self.live = live
    }
}

/// The remainder of a run's limits; nil for no limit.
package struct Remaining: Hashable, Sendable {
    package var budget: Money?
    package var seconds: Double?
    package var joules: Double?
    package var carbonGrams: Double?

    package init(
        budget: Money? = nil, seconds: Double? = nil, joules: Double? = nil, carbonGrams: Double? = nil
    ) {
        self.budget = budget
        self.seconds = seconds
        self.joules = joules
        self.carbonGrams = carbonGrams
    }

    /// The tighter of both in each limit.
    package func narrowed(by other: Remaining) -> Remaining {
        func least<Amount: Comparable>(_ one: Amount?, _ other: Amount?) -> Amount? {
            guard let one, let other else { return one ?? other }
            return min(one, other)
        }
        return Remaining(
            budget: least(budget, other.budget), seconds: least(seconds, other.seconds),
            joules: least(joules, other.joules), carbonGrams: least(carbonGrams, other.carbonGrams))
    }

    /// A policy's limits at the start of a run.
    package init(of policy: Policy) {
        self.init(
            budget: policy.budget, seconds: policy.deadlineSeconds, joules: policy.energyJoules,
            carbonGrams: policy.plan.carbonGrams)
    }
}

/// Recent measurements of one model, with older calls weighing less.
package struct LiveRate: Hashable, Sendable {
    /// Share of calls that the model's server failed, 0...1.
    package var errorRate: Double
    package var arrivalsPerSecond: Double
    /// Mean seconds that a call kept its slot; nil before the first end of a call.
    package var serviceSeconds: Double?
    /// Running calls, and calls that wait for a slot.
    package var busySlots: Int
    package var waiting: Int

    /// Seconds after which a call counts e times less. Rates are assumed to last about as long.
    package static let memorySeconds = 60.0

    /// No measurements.
    package static let none = LiveRate(errorRate: 0, arrivalsPerSecond: 0)

    package init(
        errorRate: Double, arrivalsPerSecond: Double, serviceSeconds: Double? = nil, busySlots: Int = 0,
        waiting: Int = 0
    ) {
        self.errorRate = errorRate
        self.arrivalsPerSecond = arrivalsPerSecond
        self.serviceSeconds = serviceSeconds
        self.busySlots = busySlots
        self.waiting = waiting
    }
}
