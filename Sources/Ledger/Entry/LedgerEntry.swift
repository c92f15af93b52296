package import Domain

/// What an entry stands for.
package enum EntryKind: String, CaseIterable, Hashable, Sendable {
    /// A call whose cost is known.
    case call
    /// A call whose process died: it may have been billed, and is booked at its upper bound until corrected.
    case uncertain
    /// A copy of a step sent to the reference to audit quality.
    case shadow
    /// The difference between an earlier entry and the truth; amounts may be negative.
    case correction
}

/// How a call ended.
package enum CallOutcome: String, CaseIterable, Hashable, Sendable {
    case completed, failed, cancelled
    /// The client hung up before the end; what was billed is booked all the same.
    case clientGone = "client_gone"
}

/// One line of the ledger: what a call took. Entries are only ever appended.
package struct LedgerEntry: Hashable, Sendable {
    /// Unique over the ledger.
    package var id: String
    /// When it was booked. Budgets and dashboards count an entry at `chargedAt`.
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

/// What a call truly took.
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
