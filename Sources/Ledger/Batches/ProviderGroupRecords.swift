package import Domain

/// Rows of a batch that one provider does together, as a batch of its own.
///
/// The group is written, and all its rows reserved, before anything is sent; its name is that of the provider's batch,
/// so that one that was sent and not remembered is found again. Rows and reservations belong to the group and not to the
/// process that opened it: they outlive both, until the group is closed.
package struct ProviderGroup: Hashable, Sendable {
    /// Where a group stands.
    package enum Phase: String, CaseIterable, Hashable, Sendable {
        /// Written; nothing was sent.
        case opened
        /// Something may have been sent.
        case sending
        /// The provider has it.
        case sent
        /// The provider has it, and was asked to stop.
        case cancelling
        /// The provider has ended it; results are being booked.
        case ended
        /// Every row has its end, and every reservation too.
        case closed
    }

    /// Unique over the ledger.
    package var name: String
    package var batchID: String
    package var model: ModelID
    /// Rows that it was made of.
    package var rows: Int
    /// The provider's own id; nil before it is known.
    package var providerID: String?
    package var phase: Phase
    /// Rows that the provider has answered, and those that failed there, by its own last word.
    package var completed = 0
    package var failed = 0
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    /// Set by the ledger: rows that have no end yet.
    package internal(set) var open = 0
    /// Set by the ledger: what is set aside for them.
    package internal(set) var reserved = Money.zero

    package init(
        name: String, batchID: String, model: ModelID, rows: Int, phase: Phase = .opened, createdAt: Timestamp
    ) {
        self.name = name
        self.batchID = batchID
        self.model = model
        self.rows = rows
        self.phase = phase
        self.createdAt = createdAt
        updatedAt = createdAt
    }
}

/// A row that is to go to a provider, with the most that it can be billed.
package struct GroupRow: Hashable, Sendable {
    package var line: Int64
    package var reservation: ReservationRequest

    package init(line: Int64, reservation: ReservationRequest) {
        self.line = line
        self.reservation = reservation
    }
}

/// What becomes of the rows of a group that have no end when it is closed.
package enum UnfinishedRows: Hashable, Sendable {
    /// They were certainly not billed: their reservations are given back.
    case unbilled
    /// They may have been billed: booked as `uncertain` at their upper bound.
    case uncertain
}
