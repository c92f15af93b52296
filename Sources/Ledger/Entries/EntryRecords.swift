package import Domain

/// The kind of an entry.
package enum EntryKind: String, CaseIterable, Hashable, Sendable {
    /// A call whose cost is known.
    case call
    /// A call whose process died: it may have been billed, so it is booked at its upper bound until corrected.
    case uncertain
    /// A copy of a step sent to the reference to audit quality.
    case shadow
    /// The difference between an earlier entry and the true amounts; may be negative.
    case correction
}

/// How a call ended.
package enum CallOutcome: String, CaseIterable, Hashable, Sendable {
    case completed, failed, cancelled
    /// The client disconnected before the end; what was billed is booked.
    case clientGone = "client_gone"
}

/// One line of the ledger: the cost of a call. Entries are append-only.
package struct LedgerEntry: Hashable, Sendable {
    /// Unique over the ledger.
    package var id: String
    /// The time of booking. Budgets and dashboards count an entry at `chargedAt`.
    package var at: Timestamp
    package var kind: EntryKind
    package var call: PlannedCall
    package var result: CallResult
    /// Set by the ledger: the reservation that this entry settled.
    package internal(set) var reservationID: String?
    /// Set by the ledger: the moment of the reservation, so that money counts in the window that it was checked in.
    package internal(set) var chargedAt: Timestamp
    /// Set by the ledger: the entry that this one corrects.
    package internal(set) var corrects: String?
    /// Set by the ledger: 1 for an uncertain entry, -1 for the first correction of one, else 0.
    package internal(set) var uncertainty: Int = 0

    package init(id: String, at: Timestamp, kind: EntryKind = .call, call: PlannedCall, result: CallResult) {
        self.id = id
        self.at = at
        self.kind = kind
        self.call = call
        self.result = result
        self.chargedAt = at
        if kind == .uncertain { uncertainty = 1 }
    }
}

/// The true cost, usage and outcome of a call.
package struct CallResult: Hashable, Sendable {
    /// The name of the model that the upstream reported, or nil where it named none.
    package var servedModel: String?
    package var usage: Usage
    package var figures: CallFigures
    package var energyProvenance: Provenance
    /// Seconds to the first token, or nil where none came.
    package var firstTokenSeconds: Double?
    package var outcome: CallOutcome
    package var httpStatus: Int?

    package init(
        servedModel: String? = nil, usage: Usage, figures: CallFigures, energyProvenance: Provenance = .estimated,
        firstTokenSeconds: Double? = nil, outcome: CallOutcome = .completed, httpStatus: Int? = nil
    ) {
        self.servedModel = servedModel
        self.usage = usage
        self.figures = figures
        self.energyProvenance = energyProvenance
        self.firstTokenSeconds = firstTokenSeconds
        self.outcome = outcome
        self.httpStatus = httpStatus
    }
}

/// A call as planned: its accounts, its model and its predicted cost.
package struct PlannedCall: Hashable, Sendable {
    /// The job or session that the call is a step of.
    package var runID: String
    package var attribution: Attribution
    package var decisionID: String?
    /// The called model in the catalog.
    package var model: ModelID
    package var provider: String
    package var placement: Placement
    /// The stage of the rule that chose the model; nil without a decision (a shadow audit).
    package var stage: Stage?
    /// The name of the policy, where it has one.
    package var policy: String?
    package var tier: ServiceTier
    package var catalogVersion: String
    /// The day on which the price's source was read.
    package var priceAsOf: CalendarDay?
    package var predicted: CallFigures
    /// The same step on the reference model; nil for no comparison. Every further call of the step (a retry, an
    /// escalation, a shadow audit) has a zero baseline, so that savings are not counted twice.
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

    /// The figures of a call whose bill is unknown: all that its reservation holds.
    package init(atMost upperBound: Amounts, latencySeconds: Double) {
        self.init(
            cost: CallCost(api: upperBound.money, energy: .zero, hardware: .zero),
            energyJoules: Double(upperBound.microjoules) / 1e6, latencySeconds: latencySeconds)
    }
}

/// The predicted cost of a step on the reference model.
package struct Baseline: Hashable, Sendable {
    package var model: ModelID
    package var figures: CallFigures

    package init(model: ModelID, figures: CallFigures) {
        self.model = model
        self.figures = figures
    }
}

/// The amounts of an entry as exact integers, validated for booking.
struct EntryFigures {
    let kind: EntryKind
    let outcome: CallOutcome
    let uncertainty: Int64
    let usage: Usage
    let cost: CallCost
    let predicted: CallCost
    let baseline: CallCost?
    let energyMicrojoules: Int64
    let predictedMicrojoules: Int64
    let baselineMicrojoules: Int64
    let latencyMicroseconds: Int64
    let predictedLatencyMicroseconds: Int64
    let baselineLatencyMicroseconds: Int64
    let firstTokenMicroseconds: Int64?

    /// Throws `invalid` for negative or absurd amounts.
    init(_ entry: LedgerEntry) throws(LedgerError) {
        let result = entry.result
        let signed = entry.kind == .correction
        kind = entry.kind
        outcome = result.outcome
        uncertainty = Int64(entry.uncertainty)
        usage = result.usage
        for unit in UsageClass.allCases {
            try Self.check(Int64(usage[unit]), atMost: 1_000_000_000_000, signed: signed, "units of", unit.rawValue)
        }
        cost = try Self.checked(result.figures.cost, signed: signed, "cost")
        energyMicrojoules = try Self.micro(result.figures.energyJoules, signed: signed, "joules")
        latencyMicroseconds = try Self.micro(result.figures.latencySeconds, signed: signed, "seconds")
        firstTokenMicroseconds =
            if let seconds = result.firstTokenSeconds {
                try Self.micro(seconds, signed: signed, "seconds to the first token")
            } else { nil }
        let expected = entry.call.predicted
        predicted = try Self.checked(expected.cost, signed: signed, "predicted cost")
        predictedMicrojoules = try Self.micro(expected.energyJoules, signed: signed, "predicted joules")
        predictedLatencyMicroseconds = try Self.micro(expected.latencySeconds, signed: signed, "predicted seconds")
        let reference = entry.call.baseline?.figures ?? .zero
        let baselineCost = try Self.checked(reference.cost, signed: signed, "baseline cost")
        baseline = entry.call.baseline == nil ? nil : baselineCost
        baselineMicrojoules = try Self.micro(reference.energyJoules, signed: signed, "baseline joules")
        baselineLatencyMicroseconds = try Self.micro(reference.latencySeconds, signed: signed, "baseline seconds")
    }

    /// The amounts that count against budgets.
    var amounts: Amounts {
        Amounts(
            money: cost.total, tokens: Int64(usage.promptTokens + usage.completionTokens),
            microjoules: energyMicrojoules)
    }

    /// Ten million USD per call: above any bill, and low enough that the sums of a day fit into 64 bits.
    private static let mostNanoUSD: Int64 = 10_000_000_000_000_000

    private static func checked(
        _ cost: CallCost, signed: Bool, _ what: String
    ) throws(LedgerError) -> CallCost {
        for part in [cost.api, cost.energy, cost.hardware] {
            try check(part.nanoUSD, atMost: mostNanoUSD, signed: signed, "nano-USD of", what)
        }
        return cost
    }

    private static func micro(_ number: Double, signed: Bool, _ what: String) throws(LedgerError) -> Int64 {
        guard let micro = Amounts.microjoules(number) else { throw .invalid("\(number) \(what)") }
        try check(micro, atMost: 1_000_000_000_000_000, signed: signed, "millionths of", what)
        return micro
    }

    private static func check(
        _ number: Int64, atMost limit: Int64, signed: Bool, _ unit: String, _ what: String
    ) throws(LedgerError) {
        guard number <= limit, number >= (signed ? -limit : 0) else { throw .invalid("\(number) \(unit) \(what)") }
    }
}
