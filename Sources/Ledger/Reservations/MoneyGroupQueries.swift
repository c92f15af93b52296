import Domain

/// Money operations in a few statements: what they need is read at once, each is checked and booked in memory in its
/// turn, and one statement for each table writes the rows.
///
/// An operation on an id that is known, or on a reservation that is not open, is left to `ReservationQueries`, which
/// handle every such case.
extension LedgerTransaction {
    /// How a group is read and written.
    private enum Mode {
        /// Many operations outside of a savepoint: rows are enqueued, and the schema's version is read with the rest.
        case together
        /// One operation in its savepoint: its rows are executed, so that a failure is known to be its own.
        case alone
    }

    /// Performs all operations that are ordinary; nil for those that have to be done by themselves afterwards.
    mutating func perform(
        _ operations: [MoneyOperation]
    ) throws(LedgerError) -> [Result<MoneyResult, LedgerError>?] {
        var group = try load(operations, .together)
        var results: [Result<MoneyResult, LedgerError>?] = []
        results.reserveCapacity(operations.count)
        for operation in operations {
            do throws(LedgerError) {
                results.append(try perform(operation, in: &group).map { .success($0) })
            } catch {
                results.append(.failure(error))
            }
        }
        try write(group, .together)
        return results
    }

    /// Performs one operation, as a group of one; nil where it is out of the ordinary.
    mutating func perform(_ operation: MoneyOperation) throws(LedgerError) -> MoneyResult? {
        var group = try load([operation], .alone)
        guard let result = try perform(operation, in: &group) else { return nil }
        try write(group, .alone)
        return result
    }

    // MARK: Loading

    /// Reads what the operations need in one journey to the server. A second one follows where a reservation is of
    /// another window or account than the entry that settles it, a third where a budget has a rolling window.
    private mutating func load(_ operations: [MoneyOperation], _ mode: Mode) throws(LedgerError) -> MoneyGroup {
        let dialect = connection.dialect
        var needs = BudgetNeeds()
        for operation in operations {
            switch operation {
            case .reserve(let request): needs.add(request.call.attribution, at: request.at)
            case .commit(let commit):
                for (_, entry) in commit.settlements { needs.add(entry.call.attribution, at: entry.at) }
            }
        }
        var missing: Set<String> = []
        for operation in operations {
            try operation.forEachLabel { (label) throws(LedgerError) in try names.collect(label, into: &missing) }
        }
        let reservations = SQLList(texts: operations.flatMap(\.reservationIDs), in: dialect)
        let entries = SQLList(texts: Set(operations.flatMap(\.entryIDs)), in: dialect)
        let decisions = operations.flatMap(\.decisionIDs)
        let steps = operations.flatMap(\.stepIDs)
        var queries: [SQLQuery] = []
        queries.reserveCapacity(10)
        queries += [
            Self.openReservations.query(reservations, in: dialect), Self.knownEntries.query(entries, in: dialect),
            Self.settledReservations.query(reservations, in: dialect),
        ]
        let bookAt = queries.count
        queries += bookQueries(for: needs)
        let versionAt = queries.count
        if mode == .together { queries.append(versionQuery) }
        let decisionsAt = queries.count
        if !decisions.isEmpty {
            queries.append(Self.knownDecisions.query(SQLList(texts: decisions, in: dialect), in: dialect))
        }
        let stepsAt = queries.count
        if !steps.isEmpty { queries.append(Self.knownSteps.query(SQLList(texts: steps, in: dialect), in: dialect)) }
        let namesAt = queries.count
        queries += StringInterner.queries(for: missing, in: dialect)

        let found = try connection.results(queries)
        if mode == .together { try checkVersion(found[versionAt]) }
        names.learn(found[namesAt...], keeping: mode == .together)
        var group = MoneyGroup()
        for row in found[0].rows {
            group.open[row.text(0)] = try decodeReservation(row, at: 1)
        }
        for row in found[1].rows {
            group.entries.insert(row.text(0))
            if row.integer(1) == 1 { group.settled.insert(row.text(0)) }
        }
        for row in found[2].rows { group.settled.insert(row.text(0)) }
        if decisionsAt < stepsAt { for row in found[decisionsAt].rows { group.decisions.insert(row.text(0)) } }
        if stepsAt < namesAt { for row in found[stepsAt].rows { group.steps.insert(row.text(0)) } }
        group.book = try book(found[bookAt..<versionAt], for: operations, group.open, needs)
        return group
    }

    /// Reads the book, again where the open reservations need more budgets or windows than their entries.
    private func book(
        _ found: ArraySlice<SQLResult>, for operations: [MoneyOperation], _ open: [String: ClosedReservation?],
        _ needs: BudgetNeeds
    ) throws(LedgerError) -> BudgetBook {
        var all = needs
        for id in operations.flatMap(\.reservationIDs) {
            if let held = open[id] ?? nil { all.add(held.attribution, at: held.at) }
        }
        for operation in operations {
            guard case .commit(let commit) = operation else { continue }
            for (id, entry) in commit.settlements {
                if let held = open[id] ?? nil { all.add(entry.call.attribution, at: held.at) }
            }
        }
        if all.scopes.count > needs.scopes.count || all.starts.count > needs.starts.count {
            return try budgetBook(for: all)
        }
        var book = try budgetBook(found)
        try loadBuckets(for: all, into: &book)
        return book
    }

    private static let openReservations = SQLListStatement(.text) {
        "SELECT id, \(closedColumns) FROM reservation WHERE id \($0)"
    }
    private static let knownEntries = SQLListStatement(.text) {
        "SELECT id, CASE WHEN \(settlesItsName) THEN 1 ELSE 0 END FROM entry WHERE id \($0)"
    }
    private static let settledReservations = SQLListStatement(.text) {
        "SELECT reservation FROM entry WHERE reservation \($0)"
    }
    private static let knownDecisions = SQLListStatement(.text) { "SELECT id FROM decision WHERE id \($0)" }
    private static let knownSteps = SQLListStatement(.text) { "SELECT id FROM step WHERE id \($0)" }
    private static let closing = SQLListStatement(.text) { "DELETE FROM reservation WHERE id \($0)" }

    // MARK: Operations

    /// Nil where a part of the operation is out of the ordinary; then and after an error the group is as before.
    private mutating func perform(
        _ operation: MoneyOperation, in group: inout MoneyGroup
    ) throws(LedgerError) -> MoneyResult? {
        switch operation {
        case .reserve(let request): return try reserve(request, in: &group).map { .reservation($0) }
        case .commit(let commit):
            let before = group.mark
            do throws(LedgerError) {
                if let receipt = try self.commit(commit, in: &group) { return .receipt(receipt) }
                group.rollBack(to: before)
                return nil
            } catch {
                group.rollBack(to: before)
                throw error
            }
        }
    }

    private mutating func reserve(
        _ request: ReservationRequest, in group: inout MoneyGroup
    ) throws(LedgerError) -> Reservation? {
        guard group.isNew(reservation: request.id) else { return nil }
        // The user's copies of default budgets are made first.
        if let user = request.call.attribution.labels.user, !group.book.missingDefaults(of: user).isEmpty { return nil }
        try Self.checkReservable(request)
        let before = group.book.mark
        let warnings = try group.book.reserve(request.upperBound, for: request.call.attribution, at: request.at)
        do throws(LedgerError) {
            group.add(request, row: try reservationRow(request))
        } catch {
            group.book.rollBack(to: before)
            throw error
        }
        return Reservation(request: request, owner: owner, warnings: warnings)
    }

    /// Nil where a part is out of the ordinary; the caller rolls back what was done before it.
    private mutating func commit(
        _ commit: StepCommit, in group: inout MoneyGroup
    ) throws(LedgerError) -> StepReceipt? {
        var settlements: [Settlement] = []
        for (id, entry) in commit.settlements {
            guard let held = group.settleable(id, by: entry) else { return nil }
            let figures = try EntryFigures(entry)
            try group.book.move(
                releasing: held.bound, of: held.attribution, spending: figures.amounts,
                on: entry.call.attribution, at: held.at)
            var entry = entry
            entry.reservationID = id
            entry.chargedAt = held.at
            group.add(entry: entry.id, row: try entryRow(entry, figures, reserved: held.bound.money))
            group.close(id, held)
            settlements.append(
                Settlement(entryID: entry.id, overrun: figures.amounts.overrun(over: held.bound), isRepeat: false))
        }
        for id in commit.releases {
            guard let held = group.open[id] ?? nil else { return nil }
            try group.book.move(
                releasing: held.bound, of: held.attribution, spending: .zero, on: held.attribution, at: held.at)
            group.close(id, held)
        }
        for record in commit.decisions {
            guard !group.decisions.contains(record.decision.id) else { return nil }
            group.add(decision: record.decision.id, row: try Self.decisionRow(record))
        }
        for step in commit.steps {
            guard !group.steps.contains(step.id) else { return nil }
            group.add(step: step.id, row: try Self.stepRow(step))
        }
        for failure in commit.failures { group.add(failure: try failureRow(failure)) }
        group.add(commit.sessions)
        return StepReceipt(settlements: settlements, eventSequences: [])
    }

    // MARK: Writing

    private mutating func write(_ group: MoneyGroup, _ mode: Mode) throws(LedgerError) {
        try insert(group.newReservations, Self.reservationInsertion, Self.labelledReservationInsertion, mode)
        try insert(group.newEntries.map(\.row), Self.entryInsertion, Self.labelledEntryInsertion, mode)
        try insert(group.newDecisions.map(\.row), Self.decisionInsertion, mode)
        try insert(group.newSteps.map(\.row), Self.stepInsertion, mode)
        for row in group.newFailures {
            switch mode {
            case .together: try connection.enqueue(Self.failureCount, row)
            case .alone: try connection.execute(Self.failureCount, row)
            }
        }
        for record in group.newSessions { save(record) }
        if !group.closed.isEmpty {
            let closed = SQLList(texts: group.closed.map(\.id), in: connection.dialect)
            let closing = Self.closing.query(closed, in: connection.dialect)
            try connection.enqueue(closing.sql, closing.arguments)
        }
        try write(group.book)
    }

    /// Inserts rows, of which some may have labels.
    private func insert(
        _ rows: [[SQLValue]], _ plain: SQLInsertion, _ labelled: SQLInsertion, _ mode: Mode
    ) throws(LedgerError) {
        let isPlain = { (row: [SQLValue]) in row.count == plain.columns.count }
        if rows.allSatisfy(isPlain) { return try insert(rows, plain, mode) }
        try insert(rows.filter(isPlain), plain, mode)
        try insert(rows.filter { !isPlain($0) }, labelled, mode)
    }

    private func insert(_ rows: [[SQLValue]], _ insertion: SQLInsertion, _ mode: Mode) throws(LedgerError) {
        switch mode {
        case .together: try connection.insert(rows, insertion)
        case .alone: for row in rows { try connection.execute(insertion.single, row) }
        }
    }
}
