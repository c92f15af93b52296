package import Domain

extension LedgerMigration {
    /// Events are numbered within their job.
    static let jobTables: [String] = [
        "CREATE TABLE job (id TEXT PRIMARY KEY, status TEXT NOT NULL, spec {bytes} NOT NULL, state {bytes} NOT NULL, "
            + "result {bytes}, failure TEXT, team TEXT, api_key TEXT, session TEXT, batch TEXT, "
            + "created_at {integer} NOT NULL, updated_at {integer} NOT NULL){strict}",
        "CREATE INDEX job_status ON job (status, created_at)",
        "CREATE TABLE event (job TEXT NOT NULL, sequence {integer} NOT NULL, type TEXT NOT NULL, "
            + "data {bytes} NOT NULL, at {integer} NOT NULL, PRIMARY KEY (job, sequence)){keyed}",
    ]
}

extension LedgerTransaction {
    private static let jobColumns =
        "id, status, spec, state, result, failure, team, api_key, session, batch, created_at, updated_at, lease"
    private static let readJobColumns = jobColumns + ", " + LabelColumns.list
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
        try saveLabels(account.labels, of: .job, job.id)
        notify(.job(job.id))
        if job.status == .queued { notify(.waitingJob(job.id)) }
    }

    /// The job of an id; nil where there is none.
    package func job(_ id: String) throws(LedgerError) -> JobRecord? {
        try jobs(where: "id = ?", [.text(id)]).first
    }

    func jobs(where condition: String, _ arguments: [SQLValue]) throws(LedgerError) -> [JobRecord] {
        let rows = try connection.rows("SELECT \(Self.readJobColumns) FROM job WHERE \(condition)", arguments)
        var jobs: [JobRecord] = []
        for row in rows {
            guard let status = JobStatus(rawValue: row.text(1)) else {
                throw .database("job '\(row.text(0))' has the unknown status '\(row.text(1))'")
            }
            let account = Attribution(
                team: row.optionalText(6), key: row.optionalText(7), session: row.optionalText(8), job: row.text(0),
                batch: row.optionalText(9),
                labels: CallLabels(user: row.optionalText(13), kept: CallLabels.tags(in: row.optionalText(14))))
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

}
