package import Domain

/// Everything that a decision may look at besides the step: values only, read once per decision.
package struct RoutingContext: Sendable {
    /// The models that can be called now, with the prices of the day.
    package var models: [PricedModel]
    package var economics: Economics
    package var policy: Policy
    /// What is left of the run's limits.
    package var remaining: Remaining
    /// Steps that the run is expected to take from this one on, this one included; at least 1.
    package var horizon: Int
    /// How those steps hang together.
    package var shape: RunShape
    /// Version of the catalog that named the prices.
    package var catalogVersion: String
    /// Whether the step is a row of a batch that goes to a batch interface, with its own rates.
    package var isBatch = false
    /// What the controller of measured quality adds to kappa; 0 without one.
    package var kappaOffset: Double

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

/// How the steps that a plan looks ahead to hang together.
package enum RunShape: Hashable, Sendable {
    /// Each step goes on from the one before: the prompt grows, a switch of models loses the cache, times add up.
    case chain
    /// Subtasks of a graph: each has a prompt of its own and does not wait for the others.
    case siblings
}

/// A model, the price that holds today, and how it has been doing.
package struct PricedModel: Sendable {
    package let model: Model
    package let price: Price
    package let live: LiveRate

    package init(model: Model, price: Price, live: LiveRate = .none) {
        self.model = model
        self.price = price
        self.live = live
    }
}

/// What is left of a run's limits; nil where there is none.
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

    /// What a policy grants at the start of a run.
    package init(of policy: Policy) {
        self.init(
            budget: policy.budget, seconds: policy.deadlineSeconds, joules: policy.energyJoules,
            carbonGrams: policy.plan.carbonGrams)
    }
}
