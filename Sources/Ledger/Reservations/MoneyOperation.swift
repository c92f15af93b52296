import Domain

/// An operation that moves money, with what belongs to it. Indirect, since groups hand it on often and it is large.
indirect enum MoneyOperation: Sendable {
    case reserve(ReservationRequest)
    /// Settlements, releases, decisions, steps, sessions and failures, all of them or none.
    case commit(StepCommit)

    /// A commit that writes nothing but these; nil for others.
    init?(_ commit: StepCommit) {
        guard commit.job == nil, commit.events.isEmpty, commit.rows.isEmpty, commit.answer == nil else { return nil }
        self = .commit(commit)
    }
}

/// The result of a money operation.
enum MoneyResult: Sendable {
    case reservation(Reservation)
    case receipt(StepReceipt)
}

extension MoneyOperation {
    /// When its flush comes under `Durability.normal`. A call waits for its reservation's; that of its end may be lost
    /// with the machine, since the reservation then says what it may have cost.
    var flushOrder: FlushOrder {
        switch self {
        case .reserve: .beside
        case .commit: .behind
        }
    }

    /// The reservations that it makes or ends.
    var reservationIDs: [String] {
        switch self {
        case .reserve(let request): [request.id]
        case .commit(let commit): commit.settlements.map(\.reservation) + commit.releases
        }
    }

    /// Ids of entries that it makes, or that an earlier run of it has made.
    var entryIDs: [String] {
        switch self {
        case .reserve(let request): [request.id]
        case .commit(let commit): commit.settlements.map(\.entry.id) + commit.settlements.map(\.reservation)
        }
    }

    var decisionIDs: [String] {
        if case .commit(let commit) = self { commit.decisions.map(\.decision.id) } else { [] }
    }

    var stepIDs: [String] {
        if case .commit(let commit) = self { commit.steps.map(\.id) } else { [] }
    }

    /// Passes on each text that its rows refer to by number (`StringInterner`).
    func forEachLabel(_ body: (String?) throws(LedgerError) -> Void) throws(LedgerError) {
        switch self {
        case .reserve(let request): try request.call.forEachLabel(body)
        case .commit(let commit):
            for (_, entry) in commit.settlements {
                try entry.call.forEachLabel(body)
                try body(entry.kind.rawValue)
                try body(entry.result.energyProvenance.rawValue)
                try body(entry.result.outcome.rawValue)
                try body(entry.result.servedModel)
            }
            for failure in commit.failures {
                for label in failure.labels { try body(label) }
            }
        }
    }
}

extension PlannedCall {
    fileprivate func forEachLabel(_ body: (String?) throws(LedgerError) -> Void) throws(LedgerError) {
        try body(runID)
        try body(attribution.team)
        try body(attribution.key)
        try body(attribution.session)
        try body(attribution.job)
        try body(attribution.batch)
        try body(policy)
        try body(model.rawValue)
        try body(provider)
        try body(placement.rawValue)
        try body(stage?.rawValue)
        try body(tier.rawValue)
        try body(catalogVersion)
        try body(baseline?.model.rawValue)
        if attribution.labels.isEmpty { return }
        for text in attribution.labels.texts { try body(text) }
    }
}
