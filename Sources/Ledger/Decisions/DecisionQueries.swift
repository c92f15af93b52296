import Domain

extension LedgerMigration {
    /// Decisions are kept as JSON in `body`.
    static let decisionTables: [String] = [
        "CREATE TABLE decision (id TEXT PRIMARY KEY, run TEXT NOT NULL, at {integer} NOT NULL, team TEXT, api_key TEXT, "
            + "session TEXT, job TEXT, batch TEXT, body {bytes} NOT NULL){strict}",
        "CREATE TABLE step (id TEXT PRIMARY KEY, run TEXT NOT NULL, position {integer} NOT NULL, decision TEXT, "
            + "entry TEXT, model TEXT, detail {bytes} NOT NULL, at {integer} NOT NULL){strict}",
        "CREATE INDEX step_run ON step (run, position)",
    ]
}

extension LedgerTransaction {
    static let decisionInsertion = SQLInsertion(
        table: "decision", columns: ["id", "run", "at", "team", "api_key", "session", "job", "batch", "body"],
        types: [.text, .text, .bigint, .text, .text, .text, .text, .text, .bytea])
    private static let insertNewDecision = decisionInsertion.single + " ON CONFLICT (id) DO NOTHING"

    /// The values of `decisionInsertion`.
    static func decisionRow(_ record: DecisionRecord) throws(LedgerError) -> [SQLValue] {
        try check(id: record.decision.id, "decision")
        let account = record.attribution
        return [
            .text(record.decision.id), .text(record.decision.runID), .integer(record.at.milliseconds),
            .optional(account.team), .optional(account.key), .optional(account.session), .optional(account.job),
            .optional(account.batch), .blob(record.decision.json),
        ]
    }

    /// Writes a decision; the same one again changes nothing, another one of its id is a `duplicate`.
    package func record(_ record: DecisionRecord) throws(LedgerError) {
        let inserted = try connection.execute(Self.insertNewDecision, try Self.decisionRow(record))
        guard inserted == 1 else {
            // A decision is immutable; writing the same one again changes nothing.
            guard try decision(record.decision.id) == record else {
                throw .duplicate(kind: "decision", id: record.decision.id)
            }
            return
        }
    }

    /// The decision of an id; nil where there is none.
    package func decision(_ id: String) throws(LedgerError) -> DecisionRecord? {
        let row = try connection.row(
            "SELECT at, team, api_key, session, job, batch, body FROM decision WHERE id = ?", [.text(id)])
        guard let row else { return nil }
        guard let decision = Decision(json: row.blob(6)) else {
            throw .database("decision '\(id)' is not one that this version can read")
        }
        let account = Attribution(
            team: row.optionalText(1), key: row.optionalText(2), session: row.optionalText(3),
            job: row.optionalText(4), batch: row.optionalText(5))
        return DecisionRecord(
            decision: decision, attribution: account, at: Timestamp(milliseconds: row.integer(0)))
    }
}

// MARK: Steps

extension LedgerTransaction {
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

    /// The step of an id; nil where there is none.
    package func step(_ id: String) throws(LedgerError) -> StepRecord? {
        try connection.row(
            "SELECT run, position, decision, entry, model, detail, at FROM step WHERE id = ?", [.text(id)]
        ).map { row in
            StepRecord(
                id: id, runID: row.text(0), position: Int(row.integer(1)), decisionID: row.optionalText(2),
                entryID: row.optionalText(3), model: row.optionalText(4).map { ModelID($0) }, detail: row.blob(5),
                at: Timestamp(milliseconds: row.integer(6)))
        }
    }

    /// Writes all parts of a commit in the order of its fields.
    mutating func commit(_ commit: StepCommit) throws(LedgerError) -> StepReceipt {
        var settlements: [Settlement] = []
        if commit.movesMoney, case .receipt(let receipt)? = try perform(.commit(commit)) {
            settlements = receipt.settlements
        } else {
            // A part was done before or is refused: each handles its own repeats and errors.
            for (reservation, entry) in commit.settlements { settlements.append(try settle(reservation, entry)) }
            for reservation in commit.releases { try release(reservation) }
            for decision in commit.decisions { try record(decision) }
            for step in commit.steps { try record(step) }
            for failure in commit.failures { try record(failure) }
            for record in commit.sessions { save(record) }
        }
        if let job = commit.job { try saveJob(job) }
        var sequences: [Int64] = []
        for event in commit.events { sequences.append(try appendEvent(event)) }
        for row in commit.rows { try finishRow(row) }
        if let answer = commit.answer { try keep(answer.answer, of: answer.ticket, at: .now()) }
        return StepReceipt(settlements: settlements, eventSequences: sequences)
    }
}
