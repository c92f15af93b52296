import Domain

extension LedgerStore {
    /// Checks every budget of every scope of the call and reserves the upper bound in all of them, or in none.
    ///
    /// Throws `budgetExceeded` for the first hard budget (widest scope first) without room, and `rateLimited` where the
    /// key's tokens of this minute are used up. Repeating a request that is still open returns the first reservation.
    /// Under `Durability.normal` its flush is still under way (`waitForDisk`).
    package func reserve(_ request: ReservationRequest) async throws(LedgerError) -> Reservation {
        if let refusal = rates.consume(request) { throw .rateLimited(refusal) }
        do throws(LedgerError) {
            let (made, flush) = try await write(
                .reserve(request), read: { if case .reservation(let made) = $0 { made } else { nil } }
            ) { try $0.reserve(request) }
            var reservation = made
            reservation.flush = flush
            return reservation
        } catch {
            rates.end(request.id, used: 0, at: request.at)
            if case .budgetExceeded(let refusal) = error { await note(refusal, at: request.at) }
            throw error
        }
    }

    /// Notes a refusal by a budget that is nearly used up, once for each window.
    private func note(_ refusal: BudgetRefusal, at moment: Timestamp) async {
        guard refusal.spent >= refusal.limit.share(percent: BudgetAlert.levelOfRefusals),
            refusedBudgets.isNew(refusal, at: moment)
        else { return }
        // The refusal stands even if it cannot be noted.
        try? await write { try $0.note(refusal, at: moment) }
    }

    /// Closes a reservation, appends the entry and moves the totals.
    ///
    /// The true cost is booked in full where it exceeds the reservation; the settlement reports the overrun. The same
    /// entry settles only once (`isRepeat`); another entry for a settled reservation throws `alreadySettled`. If
    /// `recover` has booked the reservation as uncertain meanwhile, the entry corrects that.
    package func settle(_ reservationID: String, _ entry: LedgerEntry) async throws(LedgerError) -> Settlement {
        let commit = StepCommit(settlements: [(reservationID, entry)])
        let (settlement, _) = try await write(
            .commit(commit), read: { if case .receipt(let receipt) = $0 { receipt.settlements.first } else { nil } }
        ) { try $0.settle(reservationID, entry) }
        rates.end(with: commit)
        if !settlement.isRepeat { metrics.count(entry) }
        return settlement
    }

    /// Closes the reservation of a call that was not billed.
    package func release(_ reservationID: String) async throws(LedgerError) {
        _ = try await write(.commit(StepCommit(releases: [reservationID])), read: { _ in () }) {
            try $0.release(reservationID)
        }
        rates.end(reservationID, used: 0, at: .now())
    }

    /// Writes settlements, decisions, steps, job and events of a step in one transaction.
    package func commitStep(_ commit: StepCommit) async throws(LedgerError) -> StepReceipt {
        let (receipt, _) = try await write(
            MoneyOperation(commit), read: { if case .receipt(let receipt) = $0 { receipt } else { nil } }
        ) { try $0.commit(commit) }
        rates.end(with: commit)
        metrics.booked(commit, receipt)
        if let answer = commit.answer { requests.end(answer.ticket) }
        return receipt
    }
}
