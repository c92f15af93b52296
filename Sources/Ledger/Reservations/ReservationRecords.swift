package import Domain

/// A request to reserve a call's upper bound in all budgets of its accounts at once.
package struct ReservationRequest: Hashable, Sendable {
    /// Unique over reservations and entries; the settling entry may have the same id.
    package var id: String
    package var at: Timestamp
    package var call: PlannedCall
    /// The highest possible bill. A unit without a bound is 0 and is only booked afterwards.
    package var upperBound: Amounts

    package init(id: String, at: Timestamp, call: PlannedCall, upperBound: Amounts) {
        self.id = id
        self.at = at
        self.call = call
        self.upperBound = upperBound
    }
}

/// Amounts reserved for a call under way.
package struct Reservation: Hashable, Sendable {
    package let request: ReservationRequest
    /// The running store that made it.
    package let owner: String
    /// Budgets in `warn` mode that have no room for it.
    package let warnings: [BudgetRefusal]
    /// The mark of its flush, if that is still under way.
    package internal(set) var flush: FlushMark?

    package init(request: ReservationRequest, owner: String, warnings: [BudgetRefusal] = []) {
        self.request = request
        self.owner = owner
        self.warnings = warnings
    }
}

/// The result of settling a reservation.
package struct Settlement: Hashable, Sendable {
    package let entryID: String
    /// The excess of the true cost over the reservation in each unit, zero at least.
    package let overrun: Amounts
    /// The same entry had settled the same reservation before; nothing was booked now.
    package let isRepeat: Bool

    package init(entryID: String, overrun: Amounts, isRepeat: Bool) {
        self.entryID = entryID
        self.overrun = overrun
        self.isRepeat = isRepeat
    }
}

/// What a reservation held until it was closed.
struct ClosedReservation {
    let at: Timestamp
    let bound: Amounts
    let attribution: Attribution
}
