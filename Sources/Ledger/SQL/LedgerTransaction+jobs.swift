package import Domain

extension LedgerTransaction {
    private static let jobColumns =
        "id, status, spec, state, result, failure, team, api_key, session, batch, created_at, updated_at, lease"
    private static let upsertJob =
        "INSERT INTO job (\(jobColumns)) VALUES (\(placeholders(13))) ON CONFLICT (id) DO UPDATE SET "
        + "status = excluded.status, spec = excluded.spec, state = excluded.state, result = excluded.result, "
        + "failure = excluded.failure, updated_at = excluded.updated_at, "
        + LeasedWork.job.fencedUpdate

    /// Inserts a job or replaces the one with its id; throws `leaseLost` where another store has claimed it since.
    package mutating func saveJob(_ job: JobRecord) throws(LedgerError) {
        try Self.check(id: job.id, "job")
        let account = job.attribution
        let written = try connection.execute(
            Self.upsertJob,
            [
                .text(job.id), .text(job.status.rawValue), .blob(job.spec), .blob(job.state), .optional(job.result),
                .optional(job.failure), .optional(account.team), .optional(account.key), .optional(account.session),
                .optional(account.batch), .integer(job.createdAt.milliseconds), .integer(job.updatedAt.milliseconds),
                .integer(job.lease),
            ])
        guard written == 1 else { throw .leaseLost(kind: "job", id: job.id) }
        notify(.job(job.id))
        if job.status == .queued { notify(.waitingJob(job.id)) }
    }

    /// The job of an id; nil where there is none.
    package func job(_ id: String) throws(LedgerError) -> JobRecord? {
        try jobs(where: "id = ?", [.text(id)]).first
    }

    func jobs(where condition: String, _ arguments: [SQLValue]) throws(LedgerError) -> [JobRecord] {
        let rows = try connection.rows("SELECT \(Self.jobColumns) FROM job WHERE \(condition)", arguments)
        var jobs: [JobRecord] = []
        for row in rows {
            guard let status = JobStatus(rawValue: row.text(1)) else {
                throw .database("job '\(row.text(0))' has the unknown status '\(row.text(1))'")
            }
            let account = Attribution(
                team: row.optionalText(6), key: row.optionalText(7), session: row.optionalText(8), job: row.text(0),
                batch: row.optionalText(9))
            var job = JobRecord(
                id: row.text(0), status: status, spec: row.blob(2), state: row.blob(3), result: row.optionalBlob(4),
                failure: row.optionalText(5), attribution: account,
                createdAt: Timestamp(milliseconds: row.integer(10)),
                updatedAt: Timestamp(milliseconds: row.integer(11)))
            job.lease = row.integer(12)
            jobs.append(job)
        }
        return jobs
    }

    /// Jobs in some states (in any for an empty list), newest first.
    ///
    /// - Parameter key: only this key's jobs; nil for all.
    package func jobs(
        in statuses: [JobStatus], of key: String? = nil, limit: Int
    ) throws(LedgerError) -> [JobRecord] {
        var conditions = statuses.isEmpty ? ["1 = 1"] : ["status IN (\(Self.placeholders(statuses.count)))"]
        if key != nil { conditions.append("api_key = ?") }
        return try jobs(
            where: "\(conditions.joined(separator: " AND ")) ORDER BY created_at DESC, id LIMIT ?",
            statuses.map { .text($0.rawValue) } + (key.map { [.text($0)] } ?? []) + [.integer(max(limit, 0))])
    }

    /// Appends an event and returns its sequence number.
    package mutating func appendEvent(_ event: NewJobEvent) throws(LedgerError) -> Int64 {
        let row = try connection.row(
            "INSERT INTO event (job, sequence, type, data, at) "
                + "SELECT ?, COALESCE(MAX(sequence), 0) + 1, ?, ?, ? FROM event WHERE job = ? RETURNING sequence",
            [
                .text(event.jobID), .text(event.type), .blob(event.data), .integer(event.at.milliseconds),
                .text(event.jobID),
            ])
        notify(.job(event.jobID))
        return row?.integer(0) ?? 0
    }

    /// The events of a job behind a sequence number, in order.
    package func events(ofJob jobID: String, after sequence: Int64) throws(LedgerError) -> [JobEvent] {
        try connection.rows(
            "SELECT sequence, type, data, at FROM event WHERE job = ? AND sequence > ? ORDER BY sequence",
            [.text(jobID), .integer(sequence)]
        ).map { row in
            JobEvent(
                sequence: row.integer(0),
                event: NewJobEvent(
                    jobID: jobID, type: row.text(1), data: row.blob(2), at: Timestamp(milliseconds: row.integer(3))))
        }
    }

    /// Gives up a job that was claimed with this record; does nothing where it was taken over meanwhile.
    package mutating func returnJob(_ job: JobRecord) throws(LedgerError) {
        try returnLease(of: .job, id: job.id, lease: job.lease)
    }

    static let stepInsertion = SQLInsertion(
        table: "step", columns: ["id", "run", "position", "decision", "entry", "model", "detail", "at"],
        types: [.text, .text, .bigint, .text, .text, .text, .bytea, .bigint])
    private static let insertNewStep = stepInsertion.single + " ON CONFLICT (id) DO NOTHING"

    /// The values of `stepInsertion`.
    static func stepRow(_ step: StepRecord) throws(LedgerError) -> [SQLValue] {
        try check(id: step.id, "step")
        return [
            .text(step.id), .text(step.runID), .integer(step.position), .optional(step.decisionID),
            .optional(step.entryID), .optional(step.model?.rawValue), .blob(step.detail),
            .integer(step.at.milliseconds),
        ]
    }

    func record(_ step: StepRecord) throws(LedgerError) {
        let inserted = try connection.execute(Self.insertNewStep, try Self.stepRow(step))
        guard inserted == 1 else { throw .duplicate(kind: "step", id: step.id) }
    }

    /// The steps of a run, in order.
    package func steps(ofRun runID: String) throws(LedgerError) -> [StepRecord] {
        try connection.rows(
            "SELECT id, position, decision, entry, model, detail, at FROM step WHERE run = ? ORDER BY position, at, id",
            [.text(runID)]
        ).map { row in
            StepRecord(
                id: row.text(0), runID: runID, position: Int(row.integer(1)), decisionID: row.optionalText(2),
                entryID: row.optionalText(3), model: row.optionalText(4).map { ModelID($0) }, detail: row.blob(5),
                at: Timestamp(milliseconds: row.integer(6)))
        }
    }

    mutating func commit(_ commit: StepCommit) throws(LedgerError) -> StepReceipt {
        var settlements: [Settlement] = []
        for (reservation, entry) in commit.settlements { settlements.append(try settle(reservation, entry)) }
        for reservation in commit.releases { try release(reservation) }
        for decision in commit.decisions { try record(decision) }
        for step in commit.steps { try record(step) }
        if let job = commit.job { try saveJob(job) }
        var sequences: [Int64] = []
        for event in commit.events { sequences.append(try appendEvent(event)) }
        for row in commit.rows { try finishRow(row) }
        for record in commit.sessions { save(record) }
        if let answer = commit.answer { try keep(answer.answer, of: answer.ticket, at: .now()) }
        return StepReceipt(settlements: settlements, eventSequences: sequences)
    }
}
