import JSON

/// How a plan reads predicted amounts, and its limits apart from budgets.
package struct PlanRule: Hashable, Sendable {
    /// Means, or the quantile that a share of calls does not exceed (95 % for budgets and deadlines, say).
    package var statistic: AmountStatistic
    /// Most carbon for the whole job, grams of CO2e of the operator's own hardware.
    package var carbonGrams: Double?
    /// The admitted service tiers; the cheapest that a model has is used. Batch rates are only for batch rows.
    package var serviceTiers: [ServiceTier]

    package static let standard = PlanRule()

    package init(
        statistic: AmountStatistic = .mean, carbonGrams: Double? = nil, serviceTiers: [ServiceTier] = [.standard]
    ) {
        self.statistic = statistic
        self.carbonGrams = carbonGrams
        self.serviceTiers = serviceTiers
    }

    /// Parses the policy's members `plan_on` ("mean" or a share such as 0.95), `carbon_g` and `service_tiers`.
    init(_ fields: FieldReader, base: PlanRule) throws(FieldError) {
        self = base
        if let value = fields.value("plan_on") {
            if value.isString("mean") {
                statistic = .mean
            } else if let share = value.double, share >= 0.5, share < 1 {
                statistic = .quantile(share)
            } else {
                throw FieldError(
                    fields.path("plan_on"), "must be \"mean\" or a share from 0.5 to below 1, such as 0.95")
            }
        }
        carbonGrams = try fields.number("carbon_g", in: 0...Double.greatestFiniteMagnitude) ?? carbonGrams
        if let names = try fields.strings("service_tiers") {
            guard !names.isEmpty else { throw FieldError(fields.path("service_tiers"), "must name at least one tier") }
            serviceTiers = []
            for name in names {
                guard let tier = ServiceTier(rawValue: name) else {
                    let known = ServiceTier.allCases.map(\.rawValue).joined(separator: ", ")
                    throw FieldError(fields.path("service_tiers"), "'\(name)' is no service tier; there are: \(known)")
                }
                if !serviceTiers.contains(tier) { serviceTiers.append(tier) }
            }
        }
    }

    /// Writes the members into the policy's open object.
    func write(into writer: inout JSONWriter) {
        switch statistic {
        case .mean: writer.member("plan_on", "mean")
        case .quantile(let share): writer.member("plan_on", share)
        }
        if let carbonGrams { writer.member("carbon_g", carbonGrams) }
        writer.member(
            "service_tiers", array: { list in for tier in serviceTiers { list.element(tier.rawValue) } })
    }
}

/// The statistic that a plan uses of a predicted amount: money, time, energy.
package enum AmountStatistic: Hashable, Sendable {
    case mean
    /// The amount that this share of calls, at least 0.5 and below 1, does not exceed.
    case quantile(Double)
}

/// The weight of each criterion in the assignment. Each criterion is first scaled to [0, 1] over the candidates.
package struct Weights: Hashable, Sendable {
    package var cost: Double
    package var energy: Double
    package var latency: Double
    package var accuracy: Double

    /// Cost first. Kappa already guards each step's accuracy, so accuracy only separates models of similar cost, and
    /// latency breaks ties. Electricity is part of the cost; energy has a weight of its own only if a policy sets one.
    package static let standard = Weights(cost: 1, energy: 0, latency: 0.01, accuracy: 0.5)

    package init(cost: Double, energy: Double, latency: Double, accuracy: Double) {
        self.cost = cost
        self.energy = energy
        self.latency = latency
        self.accuracy = accuracy
    }
}

extension Weights {
    init(json: JSONValue, base: Weights, path: String) throws(FieldError) {
        self = base
        let fields = try FieldReader(json, path: path, known: ["cost", "energy", "latency", "accuracy"])
        cost = try fields.number("cost", in: 0...1e6) ?? cost
        energy = try fields.number("energy", in: 0...1e6) ?? energy
        latency = try fields.number("latency", in: 0...1e6) ?? latency
        accuracy = try fields.number("accuracy", in: 0...1e6) ?? accuracy
        guard cost + energy + latency + accuracy > 0 else {
            throw FieldError(path, "at least one weight must be above 0")
        }
    }

    func write(into writer: inout JSONWriter) {
        writer.member("cost", cost)
        writer.member("energy", energy)
        writer.member("latency", latency)
        writer.member("accuracy", accuracy)
    }
}
