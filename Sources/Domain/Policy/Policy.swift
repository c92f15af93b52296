package import JSON

/// The operator's or caller's requirements: limits, weights, and the rule for limits that cannot all be kept.
package struct Policy: Hashable, Sendable {
    /// Budget of the whole job.
    package var budget: Money?
    /// Most seconds for the whole job.
    package var deadlineSeconds: Double?
    /// Least mean predicted accuracy over the steps, 0...1.
    package var minAccuracy: Double?
    /// Most energy for the whole job.
    package var energyJoules: Double?
    /// Most expected loss of quality against always asking the reference, as a mean over the traffic, 0...1.
    package var maxLoss: Double
    /// The weights of cost, energy, time and accuracy.
    package var weights: Weights
    /// How the criteria become one choice.
    package var method: PolicyMethod
    /// The thresholds of the rule: priced by `max_loss`, or a line.
    package var kappa: KappaRule
    /// Probability above which a whole request goes to the cheaper model (HERA's URC threshold).
    package var requestThreshold: Double
    /// The models that may answer.
    package var models: ModelFilter
    /// Where models may run.
    package var placement: PlacementRule
    /// Whether and how answers are verified. If one fails, the next candidate answers.
    package var verification: Verification
    /// Checks of answers, in order.
    package var checks: [AnswerCheckRule]
    /// The stages and variants of the sequential rule.
    package var sequence: SequenceRule
    /// What happens where no plan keeps every limit.
    package var onInfeasible: InfeasibleRule
    /// The statistic and the further limits of a plan.
    package var plan: PlanRule
    /// Limits of a whole session of calls.
    package var session = SessionLimits.none
    /// Whether the effort of models is chosen.
    package var effort = EffortRule.standard
    /// Most seconds until a stream's first token; nil for any.
    package var firstTokenSeconds: Double?
    /// Second requests beside slow ones; nil for none.
    package var hedge: HedgeRule?

    package init(
        budget: Money? = nil, deadlineSeconds: Double? = nil, minAccuracy: Double? = nil, energyJoules: Double? = nil,
        maxLoss: Double = Policy.standardMaxLoss,
        weights: Weights = .standard, method: PolicyMethod = .weighted, kappa: KappaRule = .priced,
        requestThreshold: Double = 0.7, models: ModelFilter = ModelFilter(), placement: PlacementRule = .any,
        verify: VerificationMode = .auto, onInfeasible: InfeasibleRule = .reject,
        plan: PlanRule = .standard, sequence: SequenceRule = .standard, checks: [AnswerCheckRule] = []
    ) {
        self.budget = budget
        self.deadlineSeconds = deadlineSeconds
        self.minAccuracy = minAccuracy
        self.energyJoules = energyJoules
        self.maxLoss = maxLoss
        self.weights = weights
        self.method = method
        self.kappa = kappa
        self.requestThreshold = requestThreshold
        self.models = models
        self.placement = placement
        verification = Verification(mode: verify)
        self.sequence = sequence
        self.checks = checks
        self.onInfeasible = onInfeasible
        self.plan = plan
    }

    /// The default of `max_loss`: one point in a hundred.
    package static let standardMaxLoss = 0.01

    /// Whether whole answers are verified. HERA's published rule has no verification, so `auto` is off under it.
    package var verify: Bool { verification.mode == .on || verification.mode == .auto && kappa.isPriced }

    /// Whether anything is asked of an answer: a verification, or checks that the policy names.
    package var verifies: Bool { verify || verification.mode != .off && !checks.isEmpty }
}

/// How several criteria become one choice.
package enum PolicyMethod: String, CaseIterable, Hashable, Sendable {
    case weighted
    case epsilonConstraint = "epsilon_constraint"
    case lexicographic
    case chebyshev
}

/// The rule for a policy whose limits no assignment keeps.
package enum InfeasibleRule: String, CaseIterable, Hashable, Sendable {
    /// Refuse, and name the binding limit.
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

/// Allowed and denied models. An empty `allow` admits all that are not denied.
package struct ModelFilter: Hashable, Sendable {
    package var allow: [ModelID]
    package var deny: [ModelID]

    package init(allow: [ModelID] = [], deny: [ModelID] = []) {
        self.allow = allow
        self.deny = deny
    }

    /// The intersection of both filters: what either denies is denied, and only what both allow is allowed.
    package func narrowed(by other: ModelFilter) -> ModelFilter {
        var both = ModelFilter(allow: allow, deny: deny + other.deny.filter { !deny.contains($0) })
        guard !other.allow.isEmpty else { return both }
        // Denying everything keeps an empty intersection from meaning "all".
        both.allow = allow.isEmpty ? other.allow : allow.filter(other.allow.contains)
        if both.allow.isEmpty { (both.allow, both.deny) = (allow, both.deny + allow) }
        return both
    }

    package func admits(_ model: ModelID) -> Bool {
        (allow.isEmpty || allow.contains(model)) && !deny.contains(model)
    }
}

extension Policy {
    static let fieldNames =
        [
            "budget_usd", "deadline_s", "min_accuracy", "energy_j", "max_loss", "weights", "method", "kappa",
            "request_threshold",
            "models", "placement", "verify", "checks", "on_infeasible", "plan_on", "carbon_g", "service_tiers",
            "hedge", "first_token_s",
        ] + SequenceRule.fieldNames + SessionLimits.fieldNames + EffortRule.fieldNames

    /// Parses a policy (docs/reference/policy.md). Absent fields keep the values of `base`.
    ///
    /// - Parameters:
    ///   - others: further members that are allowed here and parsed elsewhere.
    ///   - isOperators: whether the policy is the operator's, who alone may name commands and servers as checks.
    package init(
        json: JSONValue, base: Policy = Policy(), path: String = "policy", others: [String] = [],
        isOperators: Bool = false
    ) throws(FieldError) {
        self = base
        if json["shadow"] != nil, !others.contains("shadow") {
            throw FieldError("\(path).shadow", "is the operator's to set, since audits are on the operator's account")
        }
        let fields = try FieldReader(json, path: path, known: Self.fieldNames + others)
        let most = Double.greatestFiniteMagnitude
        budget = try fields.money("budget_usd") ?? budget
        deadlineSeconds = try fields.number("deadline_s", in: 0...most) ?? deadlineSeconds
        firstTokenSeconds = try fields.number("first_token_s", in: 0.01...3600) ?? firstTokenSeconds
        minAccuracy = try fields.number("min_accuracy", in: 0...1) ?? minAccuracy
        energyJoules = try fields.number("energy_j", in: 0...most) ?? energyJoules
        maxLoss = try fields.number("max_loss", in: 0...1) ?? maxLoss
        if let value = fields.value("weights") {
            weights = try Weights(json: value, base: weights, path: fields.path("weights"))
        }
        method = try fields.choice("method", of: PolicyMethod.self) ?? method
        if let value = fields.value("kappa") {
            kappa = try KappaRule(json: value, base: kappa, path: fields.path("kappa"))
        }
        requestThreshold = try fields.number("request_threshold", in: 0...1) ?? requestThreshold
        if let value = fields.value("models") {
            let filter = try FieldReader(value, path: fields.path("models"), known: ["allow", "deny"])
            models.allow = try filter.strings("allow")?.map { ModelID($0) } ?? models.allow
            models.deny = try filter.strings("deny")?.map { ModelID($0) } ?? models.deny
        }
        placement = try fields.choice("placement", of: PlacementRule.self) ?? placement
        if let value = fields.value("verify") {
            verification = try Verification(json: value, base: verification, path: fields.path("verify"))
        }
        if let value = fields.value("checks") {
            let named = try AnswerCheckRule.list(value, path: fields.path("checks"), isOperators: isOperators)
            // A caller adds checks to the operator's, and takes none away.
            for rule in named where !checks.contains(rule) { checks.append(rule) }
        }
        sequence = try SequenceRule(fields, base: sequence)
        onInfeasible = try fields.choice("on_infeasible", of: InfeasibleRule.self) ?? onInfeasible
        plan = try PlanRule(fields, base: plan)
        session = try SessionLimits(fields, base: session)
        effort = try EffortRule(fields, base: effort)
        if let value = fields.value("hedge") { hedge = try HedgeRule(json: value, path: fields.path("hedge")) }
    }

    /// Throws where a caller's JSON sets `max_loss` and the policy's kappa is a line, which does not read it.
    ///
    /// Policies as they are stored have both members, so that only what a person has written is checked.
    package func refuseIdleDial(in json: JSONValue, path: String) throws(FieldError) {
        guard let dial = json["max_loss"], !dial.isNull, !kappa.isPriced else { return }
        throw FieldError(
            "\(path).max_loss", #"has no effect beside a kappa that is a line: leave it out, or set kappa to "priced""#)
    }

    /// Writes all of the policy's members into the open object.
    package func write(into writer: inout JSONWriter) {
        if let budget { writer.member("budget_usd", raw: budget.description.utf8) }
        if let deadlineSeconds { writer.member("deadline_s", deadlineSeconds) }
        if let firstTokenSeconds { writer.member("first_token_s", firstTokenSeconds) }
        if let minAccuracy { writer.member("min_accuracy", minAccuracy) }
        if let energyJoules { writer.member("energy_j", energyJoules) }
        writer.member("max_loss", maxLoss)
        writer.member("weights", object: { weights.write(into: &$0) })
        writer.member("method", method.rawValue)
        kappa.write(into: &writer)
        writer.member("request_threshold", requestThreshold)
        writer.member(
            "models",
            object: { object in
                object.member("allow", array: { list in for model in models.allow { list.element(model.rawValue) } })
                object.member("deny", array: { list in for model in models.deny { list.element(model.rawValue) } })
            })
        writer.member("placement", placement.rawValue)
        verification.write(into: &writer)
        if !checks.isEmpty {
            writer.member("checks", array: { list in for check in checks { check.write(into: &list) } })
        }
        sequence.write(into: &writer)
        writer.member("on_infeasible", onInfeasible.rawValue)
        plan.write(into: &writer)
        session.write(into: &writer)
        if effort != .standard { effort.write(into: &writer) }
        if let hedge { writer.member("hedge", object: { hedge.write(into: &$0) }) }
    }
}
