package import Domain

extension SQLLedger {
    package func record(_ decision: DecisionRecord) async throws(LedgerError) {
        try await write { (session) throws(LedgerError) in try session.record(decision) }
    }

    package func decision(_ id: String) async throws(LedgerError) -> DecisionRecord? {
        try await read { (session) throws(LedgerError) in try session.decision(id) }
    }

    package func steps(ofRun runID: String) async throws(LedgerError) -> [StepRecord] {
        try await read { (session) throws(LedgerError) in try session.steps(ofRun: runID) }
    }

    package func saveJob(_ job: JobRecord) async throws(LedgerError) {
        try await write { (session) throws(LedgerError) in try session.saveJob(job) }
    }

    package func job(_ id: String) async throws(LedgerError) -> JobRecord? {
        try await read { (session) throws(LedgerError) in try session.jobs(where: "id = ?", [.text(id)]).first }
    }

    package func jobs(
        in statuses: [JobStatus], of key: String?, limit: Int
    ) async throws(LedgerError) -> [JobRecord] {
        try await read { (session) throws(LedgerError) in try session.jobs(in: statuses, of: key, limit: limit) }
    }

    package func appendEvent(_ event: NewJobEvent) async throws(LedgerError) -> Int64 {
        try await write { (session) throws(LedgerError) in try session.appendEvent(event) }
    }

    package func events(ofJob jobID: String, after sequence: Int64) async throws(LedgerError) -> [JobEvent] {
        try await read { (session) throws(LedgerError) in try session.events(ofJob: jobID, after: sequence) }
    }

    package func commitStep(_ commit: StepCommit) async throws(LedgerError) -> StepReceipt {
        let receipt = try await write(
            MoneyOperation(commit), read: { if case .receipt(let receipt) = $0 { receipt } else { nil } }
        ) { (session) throws(LedgerError) in try session.commit(commit) }
        rates.end(with: commit)
        metrics.booked(commit, receipt)
        if let answer = commit.answer { requests.end(answer.ticket) }
        return receipt
    }
}
