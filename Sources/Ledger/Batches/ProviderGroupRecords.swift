package import Domain

/// Rows of a batch that a provider processes as a batch of its own.
///
/// The group is written, and all its rows are reserved, before anything is sent. The provider's batch has its name, so
/// that a batch that was sent just before a crash is found again. Rows and reservations belong to the group rather than
/// to the process that opened it, until the group is closed.
package struct ProviderGroup: Hashable, Sendable {
    /// The phase of a group.
    package enum Phase: String, CaseIterable, Hashable, Sendable {
        /// Written, not sent.
        case opened
        /// Something may have been sent.
        case sending
        /// The provider has it.
        case sent
        /// The provider has it and was asked to cancel.
        case cancelling
        /// The provider has finished; results are being booked.
        case ended
        /// Every row is finished and every reservation closed.
        case closed
    }

    /// Unique over the ledger.
    package var name: String
    package var batchID: String
    package var model: ModelID
    /// Its number of rows when it was opened.
    package var rows: Int
    /// The provider's own id; nil before it is known.
    package var providerID: String?
    package var phase: Phase
    /// Rows completed and failed by the provider's last report.
    package var completed = 0
    package var failed = 0
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    /// Set by the ledger: unfinished rows.
    package internal(set) var open = 0
    /// Set by the ledger: the money reserved for them.
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

/// A row for a provider with its reservation.
package struct GroupRow: Hashable, Sendable {
    package var line: Int64
    package var reservation: ReservationRequest

    package init(line: Int64, reservation: ReservationRequest) {
        self.line = line
        self.reservation = reservation
    }
}

/// How a group's unfinished rows are settled when it is closed.
package enum UnfinishedRows: Hashable, Sendable {
    /// They were certainly not billed: releases their reservations.
    case unbilled
    /// They may have been billed: books them as `uncertain` at their upper bound.
    case uncertain
}
