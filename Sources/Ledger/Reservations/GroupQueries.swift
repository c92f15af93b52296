import Domain

/// Many money operations in a few statements: what they need is read at once, each is checked and booked in memory in its
/// turn, and one statement for each table writes the rows.
///
/// Whatever is out of the ordinary (an id that is known, a rolling window, a reservation that is not open) is left to
/// the operations one by one, which know every case.
extension LedgerTransaction {
    /// Does what can be done together. Nil stands for an operation that is to be done by itself afterwards.
    mutating func perform(
        _ operations: [MoneyOperation]
    ) throws(LedgerError) -> [Result<MoneyResult, LedgerError>?] {
        var books = try look(at: operations)
        var answers: [Result<MoneyResult, LedgerError>?] = []
        answers.reserveCapacity(operations.count)
        for operation in operations {
            do throws(LedgerError) {
                switch operation {
                case .reserve(let request): answers.append(try reserve(request, in: &books).map { .success($0) })
                case .commit(let commit): answers.append(try self.commit(commit, in: &books).map { .success($0) })
                }
            } catch {
                answers.append(.failure(error))
            }
        }
        try write(books)
        return answers
    }

    // MARK: Reading

    /// What a group needs to know, in one journey to the server; in two where a reservation is of another window or
    /// account than the entry that settles it.
    private mutating func look(at operations: [MoneyOperation]) throws(LedgerError) -> GroupBudgets {
        let dialect = connection.dialect
        var books = GroupBudgets()
        for operation in operations {
            switch operation {
            case .reserve(let request): books.want(request.call.attribution, at: request.at)
            case .commit(let commit):
                for (_, entry) in commit.settlements { books.want(entry.call.attribution, at: entry.at) }
            }
        }
        let missing = try names.missing(of: operations.flatMap(\.labels))
        let reservations = SQLList(texts: operations.flatMap(\.reservationIDs), in: dialect)
        let entries = SQLList(texts: operations.flatMap(\.entryIDs), in: dialect)
        let decisions = operations.flatMap(\.decisionIDs)
        var queries = [
            SQLQuery(
                "SELECT id, at, bound_nano, bound_tokens, bound_uj, team, api_key, session, job, batch "
                    + "FROM reservation WHERE id \(reservations.isAny(in: dialect))", [reservations.argument]),
            SQLQuery("SELECT id FROM entry WHERE id \(entries.isAny(in: dialect))", [entries.argument]),
            SQLQuery(
                "SELECT reservation FROM entry WHERE reservation \(reservations.isAny(in: dialect))",
                [reservations.argument]),
        ]
        queries += budgetQueries(for: books)
        let versionAt = queries.count
        queries.append(versionQuery)
        let steps = operations.flatMap(\.stepIDs)
        let decisionsAt = queries.count
        if !decisions.isEmpty { queries.append(Self.known(decisions, in: "decision", dialect)) }
        let stepsAt = queries.count
        if !steps.isEmpty { queries.append(Self.known(steps, in: "step", dialect)) }
        let namesAt = queries.count
        queries += StringInterner.queries(for: missing, in: dialect)

        let found = try connection.results(queries)
        try checkVersion(found[versionAt])
        names.learn(found[namesAt...])
        for row in found[0].rows {
            books.open[row.text(0)] = try decodeTaken(SQLRow(values: Array(row.values.dropFirst())))
        }
        for row in found[1].rows { books.entries.insert(row.text(0)) }
        for row in found[2].rows { books.settled.insert(row.text(0)) }
        try readBudgets(found[3], found[4], into: &books)
        if decisionsAt < stepsAt { for row in found[decisionsAt].rows { books.decisions.insert(row.text(0)) } }
        if stepsAt < namesAt { for row in found[stepsAt].rows { books.steps.insert(row.text(0)) } }
        try lookAgain(for: operations, &books)
        return books
    }

    /// Asks which of some ids a table has.
    private static func known(_ ids: [String], in table: String, _ dialect: SQLDialect) -> SQLQuery {
        let list = SQLList(texts: ids, in: dialect)
        return SQLQuery("SELECT id FROM \(table) WHERE id \(list.isAny(in: dialect))", [list.argument])
    }

    /// Reads the budgets that only the reservations found have told of.
    private func lookAgain(for operations: [MoneyOperation], _ books: inout GroupBudgets) throws(LedgerError) {
        let known = (books.scopes.count, books.starts.count)
        for id in operations.flatMap(\.reservationIDs) {
            if let taken = books.open[id] ?? nil { books.want(taken.attribution, at: taken.at) }
        }
        for operation in operations {
            guard case .commit(let commit) = operation else { continue }
            for (id, entry) in commit.settlements {
                if let taken = books.open[id] ?? nil { books.want(entry.call.attribution, at: taken.at) }
            }
        }
        if known == (books.scopes.count, books.starts.count) { return }
        let found = try connection.results(budgetQueries(for: books))
        (books.lines, books.totals) = ([:], [:])
        try readBudgets(found[0], found[1], into: &books)
    }

    private func budgetQueries(for books: GroupBudgets) -> [SQLQuery] {
        let dialect = connection.dialect
        let scopes = SQLList(texts: books.scopes.map(\.description), in: dialect)
        let starts = SQLList(integers: books.starts, in: dialect)
        let ofScopes = "FROM budget WHERE scope \(scopes.isAny(in: dialect))"
        return [
            SQLQuery("SELECT \(Self.budgetColumns) \(ofScopes) ORDER BY id", [scopes.argument]),
            SQLQuery(
                "SELECT budget, start, spent, reserved FROM budget_total WHERE budget IN (SELECT id \(ofScopes)) "
                    + "AND start \(starts.isAny(in: dialect))", [scopes.argument, starts.argument]),
        ]
    }

    private func readBudgets(
        _ lines: SQLResult, _ totals: SQLResult, into books: inout GroupBudgets
    ) throws(LedgerError) {
        for row in lines.rows {
            let line = try Self.decodeBudget(row)
            books.lines[line.budget.scope, default: []].append(line)
        }
        for row in totals.rows {
            books.totals[TotalKey(budget: row.integer(0), start: row.integer(1))] = BudgetTotal(
                spent: row.integer(2), reserved: row.integer(3))
        }
    }

    // MARK: Operations

    private mutating func reserve(
        _ request: ReservationRequest, in books: inout GroupBudgets
    ) throws(LedgerError) -> MoneyResult? {
        let isNew =
            books.open[request.id] == nil && !books.entries.contains(request.id) && !books.settled.contains(request.id)
        guard isNew, let lines = books.lines(of: request.call.attribution.scopes) else { return nil }
        try Self.checkReservable(request)
        var warnings: [BudgetRefusal] = []
        var moves: [(TotalKey, BudgetTotal)] = []
        for line in lines {
            let budget = line.budget
            let asked = request.upperBound[line.unit]
            let key = TotalKey(budget: line.id, start: budget.window.start(of: request.at))
            var total = books.totals[key] ?? .zero
            if let refusal = Self.refusal(of: line, used: total, asked: asked, at: request.at) {
                guard budget.mode == .warn else { throw .budgetExceeded(refusal) }
                warnings.append(refusal)
            }
            if asked == 0 { continue }
            total.reserved = try Self.sum(total.reserved, asked, "the budget of \(budget.scope)")
            moves.append((key, total))
        }
        books.newReservations.append(try reservationRow(request))
        books.open[request.id] = ClosedReservation(
            at: request.at, bound: request.upperBound, attribution: request.call.attribution)
        for (key, total) in moves { books.set(total, of: key) }
        return .reservation(Reservation(request: request, owner: owner, warnings: warnings))
    }

    /// All parts of a commit, or none.
    private mutating func commit(_ commit: StepCommit, in books: inout GroupBudgets) throws(LedgerError) -> MoneyResult?
    {
        let before = books.place
        do throws(LedgerError) {
            if let receipt = try parts(of: commit, in: &books) { return .receipt(receipt) }
            books.goBack(to: before)
            return nil
        } catch {
            books.goBack(to: before)
            throw error
        }
    }

    /// Nil where a part is out of the ordinary; the caller undoes what was done before it.
    private mutating func parts(of commit: StepCommit, in books: inout GroupBudgets) throws(LedgerError) -> StepReceipt?
    {
        var settlements: [Settlement] = []
        for (id, entry) in commit.settlements {
            guard entry.kind != .correction, !books.entries.contains(entry.id), !books.settled.contains(id),
                let taken = books.open[id] ?? nil
            else { return nil }
            let figures = try EntryFigures(entry)
            guard try move(taken, spending: figures.amounts, on: entry.call.attribution, in: &books) else { return nil }
            var entry = entry
            entry.reservationID = id
            entry.chargedAt = taken.at
            books.newEntries.append((entry.id, try entryRow(entry, figures, reserved: taken.bound.money)))
            books.entries.insert(entry.id)
            books.end(id, taken)
            settlements.append(
                Settlement(
                    entryID: entry.id, overrun: Self.overrun(figures.amounts, over: taken.bound), isRepeat: false))
        }
        for id in commit.releases {
            guard let taken = books.open[id] ?? nil,
                try move(taken, spending: .zero, on: taken.attribution, in: &books)
            else { return nil }
            books.end(id, taken)
        }
        for record in commit.decisions {
            guard !books.decisions.contains(record.decision.id) else { return nil }
            books.newDecisions.append((record.decision.id, try Self.decisionRow(record)))
            books.decisions.insert(record.decision.id)
        }
        for step in commit.steps {
            guard !books.steps.contains(step.id) else { return nil }
            books.newSteps.append((step.id, try Self.stepRow(step)))
            books.steps.insert(step.id)
        }
        books.newSessions += commit.sessions
        return StepReceipt(settlements: settlements, eventSequences: [])
    }

    /// Takes a reservation off the budgets of its scopes and puts amounts on those of an entry; false where one of them
    /// is of a kind that is not done here.
    private func move(
        _ taken: ClosedReservation, spending amounts: Amounts, on account: Attribution, in books: inout GroupBudgets
    ) throws(LedgerError) -> Bool {
        let held = taken.attribution.scopes
        let spent = account.scopes
        guard let lines = books.lines(of: held == spent ? held : held + spent.filter { !held.contains($0) }) else {
            return false
        }
        var moves: [(TotalKey, BudgetTotal)] = []
        for line in lines {
            let scope = line.budget.scope
            let freed = held.contains(scope) ? taken.bound[line.unit] : 0
            let added = spent.contains(scope) ? amounts[line.unit] : 0
            if freed == 0, added == 0 { continue }
            let key = TotalKey(budget: line.id, start: line.budget.window.start(of: taken.at))
            var total = books.totals[key] ?? .zero
            total.reserved = try Self.sum(total.reserved, -freed, "the budget of \(scope)")
            total.spent = try Self.sum(total.spent, added, "the budget of \(scope)")
            moves.append((key, total))
        }
        for (key, total) in moves { books.set(total, of: key) }
        return true
    }

    // MARK: Writing

    private mutating func write(_ books: GroupBudgets) throws(LedgerError) {
        try connection.insert(books.newReservations, Self.reservationInsertion)
        try connection.insert(books.newEntries.map(\.row), Self.entryInsertion)
        try connection.insert(books.newDecisions.map(\.row), Self.decisionInsertion)
        try connection.insert(books.newSteps.map(\.row), Self.stepInsertion)
        for record in books.newSessions { save(record) }
        if !books.ended.isEmpty {
            let ended = SQLList(texts: books.ended.map(\.id), in: connection.dialect)
            try connection.post(
                "DELETE FROM reservation WHERE id \(ended.isAny(in: connection.dialect))", [ended.argument])
        }
        let totals = books.changed.compactMap { key in
            books.totals[key].map { total in
                [key.budget, key.start, total.spent, total.reserved].map { SQLValue.integer($0) }
            }
        }
        try connection.insert(totals, Self.totalInsertion)
    }
}
