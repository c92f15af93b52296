package import Domain

/// One step of a run: its position, decision and entry, with the exchange itself.
package struct StepRecord: Hashable, Sendable {
    package var id: String
    package var runID: String
    /// 1 for the first step of the run.
    package var position: Int
    package var decisionID: String?
    package var entryID: String?
    package var model: ModelID?
    /// JSON, opaque to the ledger: input and output.
    package var detail: [UInt8]
    package var at: Timestamp

    package init(
        id: String, runID: String, position: Int, decisionID: String? = nil, entryID: String? = nil,
        model: ModelID? = nil, detail: [UInt8], at: Timestamp
    ) {
        self.id = id
        self.runID = runID
        self.position = position
        self.decisionID = decisionID
        self.entryID = entryID
        self.model = model
        self.detail = detail
        self.at = at
    }
}

/// Everything that the end of a step writes in one transaction, so that a crash leaves all or nothing.
///
/// If one part is refused, none is written.
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
    /// Attempts that failed.
    package var failures: [FailedAttempt]
    /// The session memory of the step's runs.
    package var sessions: [SessionRecord] = []
    /// The response to store for an idempotent request; ignored if the request was taken over meanwhile.
    package var answer: (ticket: IdempotencyClaim, answer: StoredResponse)?

    package init(
        settlements: [(reservation: String, entry: LedgerEntry)] = [], releases: [String] = [],
        decisions: [DecisionRecord] = [], steps: [StepRecord] = [], job: JobRecord? = nil, events: [NewJobEvent] = [],
        rows: [BatchRowResult] = [], failures: [FailedAttempt] = []
    ) {
        self.settlements = settlements
        self.releases = releases
        self.decisions = decisions
        self.steps = steps
        self.job = job
        self.events = events
        self.rows = rows
        self.failures = failures
    }
}

extension StepCommit {
    /// Whether it has settlements or releases.
    var movesMoney: Bool { !settlements.isEmpty || !releases.isEmpty }

    /// What it says of calls, without steps, jobs, rows, sessions and answers: it holds even if those cannot be written.
    package var payments: StepCommit {
        StepCommit(settlements: settlements, releases: releases, decisions: decisions, failures: failures)
    }
}

/// The result of a `StepCommit`.
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
