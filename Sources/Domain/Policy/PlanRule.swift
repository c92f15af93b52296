import JSON

/// How a plan reads predictions, and what else it has to keep: the parts of a policy about costs that are no budget.
package struct PlanRule: Hashable, Sendable {
    /// Mean amounts, or those that a share of calls does not exceed (for budgets and deadlines at 95 %, say).
    package var reading: AmountReading
    /// Most carbon for the whole job, grams of CO2e of the operator's own hardware.
    package var carbonGrams: Double?
    /// The ways of being served that may be used; the cheapest that a model has is. Batch rates are only for rows of a
    /// batch.
    package var serviceTiers: [ServiceTier]

    package static let standard = PlanRule()

    package init(
        reading: AmountReading = .mean, carbonGrams: Double? = nil, serviceTiers: [ServiceTier] = [.standard]
    ) {
        self.reading = reading
        self.carbonGrams = carbonGrams
        self.serviceTiers = serviceTiers
    }

    /// Reads the policy's members `plan_on` ("mean" or a share such as 0.95), `carbon_g` and `service_tiers`.
    init(_ fields: FieldReader, base: PlanRule) throws(FieldError) {
        self = base
        if let value = fields.value("plan_on") {
            if value.isString("mean") {
                reading = .mean
            } else if let share = value.double, share >= 0.5, share < 1 {
                reading = .quantile(share)
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
        switch reading {
        case .mean: writer.member("plan_on", "mean")
        case .quantile(let share): writer.member("plan_on", share)
        }
        if let carbonGrams { writer.member("carbon_g", carbonGrams) }
        writer.member(
            "service_tiers", array: { list in for tier in serviceTiers { list.element(tier.rawValue) } })
    }
}

/// What a plan reads of an amount that is only predicted: money, time, energy.
package enum AmountReading: Hashable, Sendable {
    case mean
    /// The amount that this share of calls, at least 0.5 and below 1, does not exceed.
    case quantile(Double)
}

/// How much each criterion counts in the assignment; each is scaled to [0, 1] over the candidates first.
package struct Weights: Hashable, Sendable {
    package var cost: Double
    package var energy: Double
    package var latency: Double
    package var accuracy: Double

    /// Money first: kappa guards the accuracy of each step already, so here it only weighs models that cost alike, and
    /// time breaks ties. Electricity is in the money; energy counts once more only where a policy says so.
    package static let standard = Weights(cost: 1, energy: 0, latency: 0.1, accuracy: 0.5)

    package init(cost: Double, energy: Double, latency: Double, accuracy: Double) {
        self.cost = cost
        self.energy = energy
        self.latency = latency
        self.accuracy = accuracy
    }
}
