package import Domain

extension LedgerMigration {
    /// A group is an owner of rows and reservations until it is `closed`. `batch_row.provider_group` stays, to show
    /// that a provider has had the row.
    static let providerGroups: [String] = [
        "CREATE TABLE provider_group (name TEXT PRIMARY KEY, batch TEXT NOT NULL, model TEXT NOT NULL, "
            + "row_count {integer} NOT NULL, provider_id TEXT, phase TEXT NOT NULL, completed {integer} NOT NULL, "
            + "failed {integer} NOT NULL, created_at {integer} NOT NULL, updated_at {integer} NOT NULL){strict}",
        "CREATE INDEX provider_group_batch ON provider_group (batch, created_at)",
        "ALTER TABLE batch_row ADD COLUMN provider_group TEXT",
    ]
}

extension LedgerTransaction {
    private static let groupColumns =
        "name, batch, model, row_count, provider_id, phase, completed, failed, created_at, updated_at"
    private static let holdsBatch = "EXISTS (SELECT 1 FROM batch WHERE id = ? AND lease = ?)"

    /// Writes a group of claimed rows that go to a provider, reserves all of them and hands them to the group, or does
    /// nothing of that.
    ///
    /// The reservations are of one account and moment, so that their sum is checked against every budget at once;
    /// `budgetExceeded` asks for that sum. Throws `leaseLost` where the batch was claimed again. Returns the refusals of
    /// budgets in `warn` mode.
    package mutating func openGroup(
        _ group: ProviderGroup, rows: [GroupRow], of batch: BatchRecord
    ) throws(LedgerError) -> [BudgetRefusal] {
        try Self.check(id: group.name, "provider batch")
        guard let first = rows.first?.reservation, rows.count == group.rows else {
            throw .invalid("the group '\(group.name)' of \(group.rows) rows with \(rows.count) rows")
        }
        try hold(group.batchID, lease: batch.lease)
        let written = try connection.execute(
            "INSERT INTO provider_group (\(Self.groupColumns)) VALUES (\(Self.placeholders(10))) ON CONFLICT DO NOTHING",
            [
                .text(group.name), .text(group.batchID), .text(group.model.rawValue), .integer(group.rows),
                .optional(group.providerID), .text(group.phase.rawValue), .integer(group.completed),
                .integer(group.failed), .integer(group.createdAt.milliseconds), .integer(group.updatedAt.milliseconds),
            ])
        guard written == 1 else { throw .duplicate(kind: "provider batch", id: group.name) }
        var sum = Amounts.zero
        var values: [[SQLValue]] = []
        for row in rows {
            let request = row.reservation
            guard request.at == first.at, request.call.attribution == first.call.attribution else {
                throw .invalid("the group '\(group.name)' with reservations of several accounts or moments")
            }
            try Self.checkReservable(request)
            sum = try sum.adding(request.upperBound)
            values.append(try reservationRow(request, owner: group.name))
        }
        let account = first.call.attribution
        if let user = account.labels.user { _ = try inheritBudgets(user, at: first.at) }
        var needs = BudgetNeeds()
        needs.add(account, at: first.at)
        var book = try budgetBook(for: needs)
        let warnings = try book.reserve(sum, for: account, at: first.at)
        try write(book)
        try connection.insert(
            values, account.labels.isEmpty ? Self.reservationInsertion : Self.labelledReservationInsertion)
        let lines = SQLList(integers: rows.map(\.line), in: connection.dialect)
        let taken = try connection.execute(
            "UPDATE batch_row SET owner = ?, provider_group = ? WHERE batch = ? AND status = 'claimed' AND owner = ? "
                + "AND line \(lines.isAny(in: connection.dialect))",
            [.text(group.name), .text(group.name), .text(group.batchID), .text(owner), lines.argument])
        guard taken == rows.count else { throw .leaseLost(kind: "batch", id: group.batchID) }
        return warnings
    }

    /// Writes the state of an open group; throws `leaseLost` where the batch was claimed again.
    package mutating func saveGroup(_ group: ProviderGroup, of batch: BatchRecord) throws(LedgerError) {
        try hold(group.batchID, lease: batch.lease)
        let written = try connection.execute(
            "UPDATE provider_group SET provider_id = ?, phase = ?, completed = ?, failed = ?, updated_at = ? "
                + "WHERE name = ? AND phase <> 'closed'",
            [
                .optional(group.providerID), .text(group.phase.rawValue), .integer(group.completed),
                .integer(group.failed), .integer(group.updatedAt.milliseconds), .text(group.name),
            ])
        guard written == 1 else { throw .notFound(kind: "open provider batch", id: group.name) }
        notify(.batch(group.batchID))
    }

    /// Closes a group; does nothing to one that is closed.
    ///
    /// Its unfinished rows are pending again, or failed with `fault` as their error. Their reservations are released or
    /// booked as uncertain; these entries are returned.
    package mutating func closeGroup(
        _ group: ProviderGroup, of batch: BatchRecord, rest: UnfinishedRows, fault: [UInt8]?, at moment: Timestamp
    ) throws(LedgerError) -> [LedgerEntry] {
        try hold(group.batchID, lease: batch.lease)
        let closed = try connection.execute(
            "UPDATE provider_group SET phase = 'closed', completed = ?, failed = ?, updated_at = ? "
                + "WHERE name = ? AND phase <> 'closed'",
            [.integer(group.completed), .integer(group.failed), .integer(moment.milliseconds), .text(group.name)])
        guard closed == 1 else { return [] }
        var booked: [LedgerEntry] = []
        switch rest {
        case .uncertain: booked = try bookUncertain(ownedBy: group.name, at: moment)
        case .unbilled: try releaseAll(ownedBy: group.name)
        }
        let isOpen = "WHERE owner = ? AND status = 'claimed'"
        if let fault {
            try connection.execute(
                "UPDATE batch_row SET status = 'failed', response = ?, owner = NULL \(isOpen)",
                [.blob(fault), .text(group.name)])
        } else {
            try connection.execute(
                "UPDATE batch_row SET status = 'pending', owner = NULL \(isOpen)", [.text(group.name)])
        }
        notify(.batch(group.batchID))
        return booked
    }

    /// Releases all reservations of a group at once; they are of one account and moment.
    private mutating func releaseAll(ownedBy name: String) throws(LedgerError) {
        let rows = try connection.rows(
            "DELETE FROM reservation WHERE owner = ? RETURNING \(Self.closedColumns)", [.text(name)])
        var sum = Amounts.zero
        var last: ClosedReservation?
        for row in rows {
            let closed = try decodeReservation(row)
            sum = try sum.adding(closed.bound)
            last = closed
        }
        guard let last else { return }
        try move(releasing: sum, of: last.attribution, spending: .zero, on: last.attribution, at: last.at)
    }

    /// Throws `leaseLost` where another store has claimed the batch.
    private func hold(_ batch: String, lease: Int64) throws(LedgerError) {
        let held = try connection.row("SELECT 1 WHERE \(Self.holdsBatch)", [.text(batch), .integer(lease)])
        if held == nil { throw .leaseLost(kind: "batch", id: batch) }
    }

    /// All groups of a batch, the oldest first.
    package func groups(ofBatch id: String) throws(LedgerError) -> [ProviderGroup] {
        let rows = try connection.rows(
            "SELECT \(Self.groupColumns), (SELECT COUNT(*) FROM batch_row WHERE owner = name AND status = 'claimed'), "
                + "(SELECT CAST(COALESCE(SUM(bound_nano), 0) AS BIGINT) FROM reservation WHERE owner = name) "
                + "FROM provider_group WHERE batch = ? ORDER BY created_at, name", [.text(id)])
        var groups: [ProviderGroup] = []
        for row in rows {
            guard let phase = ProviderGroup.Phase(rawValue: row.text(5)) else {
                throw .database("provider batch '\(row.text(0))' has the unknown phase '\(row.text(5))'")
            }
            var group = ProviderGroup(
                name: row.text(0), batchID: row.text(1), model: ModelID(row.text(2)), rows: Int(row.integer(3)),
                phase: phase, createdAt: Timestamp(milliseconds: row.integer(8)))
            group.providerID = row.optionalText(4)
            group.completed = Int(row.integer(6))
            group.failed = Int(row.integer(7))
            group.updatedAt = Timestamp(milliseconds: row.integer(9))
            group.open = Int(row.integer(10))
            group.reserved = Money(nanoUSD: row.integer(11))
            groups.append(group)
        }
        return groups
    }

    /// Unfinished rows of an open group behind a line, in the order of the lines.
    package func rows(ofGroup name: String, after line: Int64, limit: Int) throws(LedgerError) -> [BatchRow] {
        try rows(
            where: "owner = ? AND status = 'claimed' AND line > ? ORDER BY line LIMIT ?",
            [.text(name), .integer(line), .integer(max(limit, 0))])
    }

    /// Whether an owner of rows and reservations is an open group, which needs no living process.
    func isOpenGroup(_ owner: String) throws(LedgerError) -> Bool {
        try connection.row("SELECT 1 FROM provider_group WHERE name = ? AND phase <> 'closed'", [.text(owner)]) != nil
    }
}
