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

    /// Texts that its rows refer to by number (`StringInterner`).
    var labels: [String] {
        switch self {
        case .reserve(let request): request.call.labels
        case .commit(let commit):
            commit.settlements.flatMap { _, entry in
                entry.call.labels + [
                    entry.kind.rawValue, entry.result.energyProvenance.rawValue, entry.result.outcome.rawValue,
                ] + (entry.result.servedModel.map { [$0] } ?? [])
            } + commit.failures.flatMap { $0.labels.compactMap { $0 } }
        }
    }
}

extension PlannedCall {
    fileprivate var labels: [String] {
        let account = attribution
        let texts = [
            runID, account.team, account.key, account.session, account.job, account.batch, policy, model.rawValue,
            provider, placement.rawValue, stage?.rawValue, tier.rawValue, catalogVersion, baseline?.model.rawValue,
        ].compactMap { $0 }
        return account.labels.isEmpty ? texts : texts + account.labels.texts
    }
}
