package import Domain

extension LedgerMigration {
    /// Rows are named by their line and, in their batch, by their custom id.
    static let batchTables: [String] = [
        "CREATE TABLE batch (id TEXT PRIMARY KEY, status TEXT NOT NULL, endpoint TEXT NOT NULL, input_file TEXT, "
            + "output_file TEXT, error_file TEXT, metadata {bytes} NOT NULL, state {bytes} NOT NULL, team TEXT, "
            + "api_key TEXT, session TEXT, job TEXT, created_at {integer} NOT NULL, updated_at {integer} NOT NULL, "
            + "expires_at {integer}){strict}",
        "CREATE TABLE batch_row (batch TEXT NOT NULL, line {integer} NOT NULL, custom_id TEXT NOT NULL, "
            + "request {bytes} NOT NULL, status TEXT NOT NULL, owner TEXT, response {bytes}, entry TEXT, "
            + "PRIMARY KEY (batch, line), UNIQUE (batch, custom_id)){strict}",
        "CREATE INDEX batch_row_status ON batch_row (batch, status, line)",
        "CREATE INDEX batch_row_owner ON batch_row (owner) WHERE owner IS NOT NULL",
    ]

    /// The time of a stop request has its own column, since only the holder writes `state`.
    static let batchCancelling: [String] = [
        "ALTER TABLE batch ADD COLUMN cancelling_at {integer}",
        "CREATE INDEX batch_api_key ON batch (api_key, created_at, id)",
    ]
}

extension LedgerTransaction {
    private static let batchColumns =
        "id, status, endpoint, input_file, output_file, error_file, metadata, state, team, api_key, session, job, "
        + "created_at, updated_at, expires_at, lease, cancelling_at"
    private static let readBatchColumns = batchColumns + ", " + LabelColumns.list
    private static let rowColumns = "batch, line, custom_id, request, status, response, entry"
    private static let readRowColumns = rowColumns + ", provider_group"

    /// Inserts a batch or replaces the one with its id; throws `leaseLost` where another store has claimed it since.
    ///
    /// A batch that is being cancelled stays so until it ends, since its holder may not know yet. The files of its results
    /// are complete from then on.
    package mutating func saveBatch(_ batch: BatchRecord) throws(LedgerError) {
        try Self.check(id: batch.id, "batch")
        let account = batch.attribution
        let written = try connection.execute(
            "INSERT INTO batch (\(Self.batchColumns)) VALUES (\(Self.placeholders(17))) ON CONFLICT (id) DO UPDATE SET "
                + "status = CASE WHEN batch.status = 'cancelling' AND excluded.status IN (\(LeasedWork.batch.openStatuses)) "
                + "THEN batch.status ELSE excluded.status END, output_file = excluded.output_file, error_file = excluded.error_file, "
                + "metadata = excluded.metadata, state = excluded.state, updated_at = excluded.updated_at, "
                + "expires_at = excluded.expires_at, \(LeasedWork.batch.fencedUpdate)",
            [
                .text(batch.id), .text(batch.status.rawValue), .text(batch.endpoint), .optional(batch.inputFileID),
                .optional(batch.outputFileID), .optional(batch.errorFileID), .blob(batch.metadata),
                .blob(batch.state), .optional(account.team), .optional(account.key), .optional(account.session),
                .optional(account.job), .integer(batch.createdAt.milliseconds),
                .integer(batch.updatedAt.milliseconds), .integer(batch.expiresAt.map { Int($0.milliseconds) }),
                .integer(batch.lease), .integer(batch.cancellingAt.map { Int($0.milliseconds) }),
            ])
        guard written == 1 else { throw .leaseLost(kind: "batch", id: batch.id) }
        try saveLabels(account.labels, of: .batch, batch.id)
        for file in [batch.outputFileID, batch.errorFileID].compactMap({ $0 }) {
            try connection.enqueue("UPDATE file SET complete = 1 WHERE id = ?", [.text(file)])
        }
        notify(.batch(batch.id))
    }

    /// Asks a batch to stop, whichever store holds it; one that has ended stays as it is. Nil where there is none.
    package mutating func cancelBatch(_ id: String, at moment: Timestamp) throws(LedgerError) -> BatchRecord? {
        let changed = try connection.execute(
            "UPDATE batch SET status = 'cancelling', cancelling_at = ?, updated_at = ? "
                + "WHERE id = ? AND status IN ('validating', 'in_progress')",
            [.integer(moment.milliseconds), .integer(moment.milliseconds), .text(id)])
        if changed == 1 { notify(.batch(id)) }
        return try batch(id)
    }

    /// The batch of an id; nil where there is none.
    package func batch(_ id: String) throws(LedgerError) -> BatchRecord? {
        try batches(where: "id = ?", [.text(id)]).first
    }

    /// Batches with and without an input file, newest first.
    package func batches(limit: Int) throws(LedgerError) -> [BatchRecord] {
        try batches(where: "1 = 1 ORDER BY created_at DESC, id LIMIT ?", [.integer(max(limit, 0))])
    }

    /// Batches that came with an input file.
    package func batches(_ page: PageQuery) throws(LedgerError) -> [BatchRecord] {
        var conditions: [(sql: String, value: SQLValue)] = [("COALESCE(input_file, '') <> ?", .text(""))]
        if let key = page.key { conditions.append(("api_key = ?", .text(key))) }
        let clause = page.clause("batch", with: conditions)
        return try batches(where: clause.sql, clause.1)
    }

    /// The money booked on a batch so far.
    package mutating func spent(onBatch id: String) throws(LedgerError) -> Money {
        guard let batch = try names.existingID(id, on: connection) else { return .zero }
        let row = try connection.row(
            "SELECT CAST(COALESCE(SUM(api + energy_cost + hardware), 0) AS BIGINT) FROM entry WHERE batch = ?",
            [.integer(batch)])
        return Money(nanoUSD: row?.integer(0) ?? 0)
    }

    func batches(where condition: String, _ arguments: [SQLValue]) throws(LedgerError) -> [BatchRecord] {
        var batches: [BatchRecord] = []
        for row in try connection.rows("SELECT \(Self.readBatchColumns) FROM batch WHERE \(condition)", arguments) {
            guard let status = BatchStatus(rawValue: row.text(1)) else {
                throw .database("batch '\(row.text(0))' has the unknown status '\(row.text(1))'")
            }
            let account = Attribution(
                team: row.optionalText(8), key: row.optionalText(9), session: row.optionalText(10),
                job: row.optionalText(11), batch: row.text(0),
                labels: CallLabels(user: row.optionalText(17), kept: CallLabels.tags(in: row.optionalText(18))))
            var batch = BatchRecord(
                id: row.text(0), status: status, endpoint: row.text(2), inputFileID: row.optionalText(3),
                outputFileID: row.optionalText(4), errorFileID: row.optionalText(5), metadata: row.blob(6),
                state: row.blob(7), attribution: account, createdAt: Timestamp(milliseconds: row.integer(12)),
                updatedAt: Timestamp(milliseconds: row.integer(13)),
                expiresAt: row.optionalInteger(14).map { Timestamp(milliseconds: $0) })
            batch.lease = row.integer(15)
            batch.cancellingAt = row.optionalInteger(16).map { Timestamp(milliseconds: $0) }
            batches.append(batch)
        }
        return batches
    }

    /// Adds rows. Adding the same row again changes nothing; a line or custom id with other content is a `duplicate`.
    package func addRows(_ rows: [BatchRow]) throws(LedgerError) {
        for row in rows {
            let inserted = try connection.execute(
                "INSERT INTO batch_row (\(Self.rowColumns)) VALUES (\(Self.placeholders(7))) ON CONFLICT DO NOTHING",
                [
                    .text(row.batchID), .integer(row.line), .text(row.customID), .blob(row.request),
                    .text(row.status.rawValue), .optional(row.response), .optional(row.entryID),
                ])
            if inserted == 1 { continue }
            let same = try self.rows(
                where: "batch = ? AND custom_id = ?", [.text(row.batchID), .text(row.customID)]
            ).first
            guard let same, same.line == row.line, same.request == row.request else {
                throw .duplicate(kind: "batch row", id: row.customID)
            }
        }
    }

    func rows(where condition: String, _ arguments: [SQLValue]) throws(LedgerError) -> [BatchRow] {
        var rows: [BatchRow] = []
        for row in try connection.rows("SELECT \(Self.readRowColumns) FROM batch_row WHERE \(condition)", arguments) {
            rows.append(try Self.decodeRow(row))
        }
        return rows
    }

    /// Rows of a batch behind a line, in the order of the lines.
    package func rows(ofBatch id: String, after line: Int64, limit: Int) throws(LedgerError) -> [BatchRow] {
        try rows(
            where: "batch = ? AND line > ? ORDER BY line LIMIT ?",
            [.text(id), .integer(line), .integer(max(limit, 0))])
    }

    /// The rows of some lines, in the order of the lines.
    package func rows(ofBatch id: String, lines: [Int64]) throws(LedgerError) -> [BatchRow] {
        let list = SQLList(integers: lines, in: connection.dialect)
        return try rows(
            where: "batch = ? AND line \(list.isAny(in: connection.dialect)) ORDER BY line", [.text(id), list.argument])
    }

    private static func decodeRow(_ row: SQLRow) throws(LedgerError) -> BatchRow {
        guard let status = BatchRowStatus(rawValue: row.text(4)) else {
            throw .database("row \(row.integer(1)) of batch '\(row.text(0))' has the unknown status '\(row.text(4))'")
        }
        return BatchRow(
            batchID: row.text(0), line: row.integer(1), customID: row.text(2), request: row.blob(3), status: status,
            response: row.optionalBlob(5), entryID: row.optionalText(6), providerGroup: row.optionalText(7))
    }

    /// Claims pending rows for this store, in the order of the lines. No two stores get the same row.
    package func claimRows(ofBatch id: String, limit: Int) throws(LedgerError) -> [BatchRow] {
        let rows = try connection.rows(
            "UPDATE batch_row SET status = 'claimed', owner = ? WHERE batch = ? AND line IN (SELECT line FROM batch_row "
                + "WHERE batch = ? AND status = 'pending' ORDER BY line LIMIT ?) RETURNING \(Self.readRowColumns)",
            [.text(owner), .text(id), .text(id), .integer(max(limit, 0))])
        var claimed: [BatchRow] = []
        for row in rows { claimed.append(try Self.decodeRow(row)) }
        return claimed.sorted { $0.line < $1.line }
    }

    /// Writes the result of a row. A finished row stays as it is; another result for it throws `duplicate`.
    ///
    /// A row becomes pending only for the store that claimed it, since another one may have claimed it meanwhile.
    func finishRow(_ result: BatchRowResult) throws(LedgerError) {
        if result.status == .pending {
            try connection.execute(
                "UPDATE batch_row SET status = 'pending', owner = NULL "
                    + "WHERE batch = ? AND line = ? AND status = 'claimed' AND owner = ?",
                [.text(result.batchID), .integer(result.line), .text(owner)])
            return
        }
        let changed = try connection.execute(
            "UPDATE batch_row SET status = ?, response = ?, entry = ?, owner = NULL "
                + "WHERE batch = ? AND line = ? AND status IN ('pending', 'claimed')",
            [
                .text(result.status.rawValue), .optional(result.response), .optional(result.entryID),
                .text(result.batchID), .integer(result.line),
            ])
        if changed == 1 { return }
        let id = "\(result.batchID) line \(result.line)"
        let kept = try rows(where: "batch = ? AND line = ?", [.text(result.batchID), .integer(result.line)]).first
        guard let kept else { throw .notFound(kind: "batch row", id: id) }
        guard kept.status == result.status, kept.entryID == result.entryID, kept.response == result.response else {
            throw .duplicate(kind: "result of batch row", id: id)
        }
    }

    /// Makes the failed rows of a batch pending again and deletes their errors.
    package func reopenRows(ofBatch id: String) throws(LedgerError) {
        try connection.execute(
            "UPDATE batch_row SET status = 'pending', response = NULL, entry = NULL WHERE batch = ? AND status = 'failed'",
            [.text(id)])
    }

    /// The number of rows of a batch by status.
    package func rowCounts(ofBatch id: String) throws(LedgerError) -> [BatchRowStatus: Int64] {
        var counts: [BatchRowStatus: Int64] = [:]
        for row in try connection.rows(
            "SELECT status, COUNT(*) FROM batch_row WHERE batch = ? GROUP BY status", [.text(id)])
        {
            guard let status = BatchRowStatus(rawValue: row.text(0)) else { continue }
            counts[status] = row.integer(1)
        }
        return counts
    }

    /// Makes the rows of dead stores pending again; `recover` settles their calls.
    func returnRows(isAlive: (String) throws(LedgerError) -> Bool) throws(LedgerError) {
        let owners = try connection.rows("SELECT DISTINCT owner FROM batch_row WHERE owner IS NOT NULL", [])
        for owner in owners.map({ $0.text(0) }) where owner != self.owner {
            if try isAlive(owner) { continue }
            try connection.execute(
                "UPDATE batch_row SET status = 'pending', owner = NULL WHERE owner = ? AND status = 'claimed'",
                [.text(owner)])
        }
    }
}
