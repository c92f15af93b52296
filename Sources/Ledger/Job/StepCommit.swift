/// Everything that the end of a step writes, in one transaction, so that a kill never leaves half of it.
///
/// The parts are written in the order of the fields. If one of them is refused, none is written.
package struct StepCommit: Sendable {
    /// Reservations and the entries that settle them.
    package var settlements: [(reservation: String, entry: LedgerEntry)]
    /// Reservations of calls that were never billed.
    package var releases: [String]
    package var decisions: [DecisionRecord]
    package var steps: [StepRecord]
    package var job: JobRecord?
    package var events: [NewJobEvent]
    /// Rows of batches that ended with this step.
    package var rows: [BatchRowResult]
    /// What routing remembers of the runs that the step belongs to.
    package var sessions: [SessionRecord] = []
    /// The answer to the request that the step answers, where that may be told again; left out where the request was
    /// taken over meanwhile.
    package var answer: (ticket: IdempotencyClaim, answer: StoredResponse)?

    package init(
        settlements: [(reservation: String, entry: LedgerEntry)] = [], releases: [String] = [],
        decisions: [DecisionRecord] = [], steps: [StepRecord] = [], job: JobRecord? = nil, events: [NewJobEvent] = [],
        rows: [BatchRowResult] = []
    ) {
        self.settlements = settlements
        self.releases = releases
        self.decisions = decisions
        self.steps = steps
        self.job = job
        self.events = events
        self.rows = rows
    }
}

/// What a `StepCommit` did.
package struct StepReceipt: Hashable, Sendable {
    /// One for each settlement, in order.
    package let settlements: [Settlement]
    /// The sequence numbers of the events, in order.
    package let eventSequences: [Int64]

    package init(settlements: [Settlement], eventSequences: [Int64]) {
        self.settlements = settlements
        self.eventSequences = eventSequences
    }
}
