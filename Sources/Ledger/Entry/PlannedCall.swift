package import Domain

/// What is known of a call before it is made: for whom, by which model, and what it is expected to take.
package struct PlannedCall: Hashable, Sendable {
    /// The job or session that the call is a step of.
    package var runID: String
    package var attribution: Attribution
    package var decisionID: String?
    /// The catalog's model that is asked.
    package var model: ModelID
    package var provider: String
    package var placement: Placement
    /// The part of the rule that chose the model; nil where nothing was decided (a shadow audit).
    package var stage: Stage?
    /// The name of the policy, where it has one.
    package var policy: String?
    package var tier: ServiceTier
    package var catalogVersion: String
    /// The day on which the price's source was read.
    package var priceAsOf: CalendarDay?
    package var predicted: CallFigures
    /// The same step on the reference model, or nil where no comparison is meant to be made. Every further call of
    /// the same step (a retry, an escalation, a shadow audit) has a baseline of zero, so that savings stay honest.
    package var baseline: Baseline?

    package init(
        runID: String, attribution: Attribution, decisionID: String? = nil, model: ModelID, provider: String,
        placement: Placement, stage: Stage? = nil, policy: String? = nil, tier: ServiceTier = .standard,
        catalogVersion: String, priceAsOf: CalendarDay? = nil, predicted: CallFigures, baseline: Baseline? = nil
    ) {
        self.runID = runID
        self.attribution = attribution
        self.decisionID = decisionID
        self.model = model
        self.provider = provider
        self.placement = placement
        self.stage = stage
        self.policy = policy
        self.tier = tier
        self.catalogVersion = catalogVersion
        self.priceAsOf = priceAsOf
        self.predicted = predicted
        self.baseline = baseline
    }
}

/// Money, energy and time of one call, predicted or true. Kept to the microjoule and microsecond.
package struct CallFigures: Hashable, Sendable {
    package var cost: CallCost
    package var energyJoules: Double
    package var latencySeconds: Double

    package static let zero = CallFigures(cost: .zero, energyJoules: 0, latencySeconds: 0)

    package init(cost: CallCost, energyJoules: Double, latencySeconds: Double) {
        self.cost = cost
        self.energyJoules = energyJoules
        self.latencySeconds = latencySeconds
    }
}

/// What a step would have taken on the reference model.
package struct Baseline: Hashable, Sendable {
    package var model: ModelID
    package var figures: CallFigures

    package init(model: ModelID, figures: CallFigures) {
        self.model = model
        self.figures = figures
    }
}
