/// What the operator or caller asks of routing: limits, weights, and what to do when they cannot all be kept.
package struct Policy: Hashable, Sendable {
    /// Most money for the whole job.
    package var budget: Money?
    /// Most seconds for the whole job.
    package var deadlineSeconds: Double?
    /// Least mean predicted accuracy over the steps, 0...1.
    package var minAccuracy: Double?
    /// Most energy for the whole job.
    package var energyJoules: Double?
    package var weights: Weights
    package var method: PolicyMethod
    package var kappa: KappaRule
    /// Probability above which a whole request goes to the cheaper model (HERA's URC threshold).
    package var requestThreshold: Double
    package var models: ModelFilter
    package var placement: PlacementRule
    /// Whether and how each answer is tested before it counts; where it fails, the next candidate answers.
    package var verification: Verification
    /// The sequential rule's stages and readings.
    package var sequence: SequenceRule
    package var onInfeasible: InfeasibleRule
    package var plan: PlanRule

    package init(
        budget: Money? = nil, deadlineSeconds: Double? = nil, minAccuracy: Double? = nil, energyJoules: Double? = nil,
        weights: Weights = .standard, method: PolicyMethod = .weighted, kappa: KappaRule = .standard,
        requestThreshold: Double = 0.7, models: ModelFilter = ModelFilter(), placement: PlacementRule = .any,
        verify: Bool = false, onInfeasible: InfeasibleRule = .reject,
        plan: PlanRule = .standard, sequence: SequenceRule = .standard
    ) {
        self.budget = budget
        self.deadlineSeconds = deadlineSeconds
        self.minAccuracy = minAccuracy
        self.energyJoules = energyJoules
        self.weights = weights
        self.method = method
        self.kappa = kappa
        self.requestThreshold = requestThreshold
        self.models = models
        self.placement = placement
        verification = Verification(isOn: verify)
        self.sequence = sequence
        self.onInfeasible = onInfeasible
        self.plan = plan
    }

    /// Whether answers are tested at all.
    package var verify: Bool { verification.isOn }
}

/// How several criteria become one choice.
package enum PolicyMethod: String, CaseIterable, Hashable, Sendable {
    case weighted
    case epsilonConstraint = "epsilon_constraint"
    case lexicographic
    case chebyshev
}

/// What happens when no assignment keeps every limit.
package enum InfeasibleRule: String, CaseIterable, Hashable, Sendable {
    /// Refuse, and name the limit that binds.
    case reject
    /// Take the cheapest model that can serve the step.
    case cheapest
    /// Take the model with the best predicted quality.
    case best
}

/// Where models may run.
package enum PlacementRule: String, CaseIterable, Hashable, Sendable {
    case any
    case edgeOnly = "edge_only"
    case cloudOnly = "cloud_only"

    package func admits(_ placement: Placement) -> Bool {
        switch self {
        case .any: true
        case .edgeOnly: placement == .edge
        case .cloudOnly: placement == .cloud
        }
    }
}

/// Models by name: only those allowed (all where none is named), never those denied.
package struct ModelFilter: Hashable, Sendable {
    package var allow: [ModelID]
    package var deny: [ModelID]

    package init(allow: [ModelID] = [], deny: [ModelID] = []) {
        self.allow = allow
        self.deny = deny
    }

    /// Both filters at once: what either denies is denied, and only what both allow is allowed.
    package func narrowed(by other: ModelFilter) -> ModelFilter {
        var both = ModelFilter(allow: allow, deny: deny + other.deny.filter { !deny.contains($0) })
        guard !other.allow.isEmpty else { return both }
        // Where nothing is left, denying everything keeps "nobody named" from meaning "everybody".
        both.allow = allow.isEmpty ? other.allow : allow.filter(other.allow.contains)
        if both.allow.isEmpty { (both.allow, both.deny) = (allow, both.deny + allow) }
        return both
    }

    package func admits(_ model: ModelID) -> Bool {
        (allow.isEmpty || allow.contains(model)) && !deny.contains(model)
    }
}
