import Core

/// Many money operations in a few statements, for databases where each statement is a round trip.
///
/// Whatever is out of the ordinary (an id that is known, a rolling window, a reservation that is not open) is left to
/// the operations one by one, which know every case.
extension LedgerSession {
    /// What the database knows of the ids, scopes and windows of a group, and what the group has changed of it.
    private struct Books {
        /// Nil for those that the group has ended.
        var open: [String: TakenReservation?] = [:]
        var entries: Set<String> = []
        var settled: Set<String> = []
        var decisions: Set<String> = []
        var lines: [BudgetScope: [BudgetLine]] = [:]
        var totals: [TotalKey: BudgetTotal] = [:]
        var newReservations: [[SQLValue]] = []
        var newEntries: [(id: String, row: [SQLValue])] = []
        var newDecisions: [(id: String, row: [SQLValue])] = []
        var ended: [(id: String, held: TakenReservation)] = []
        /// What totals were before each change.
        private var earlier: [(TotalKey, BudgetTotal?)] = []

        mutating func set(_ total: BudgetTotal, of key: TotalKey) {
            earlier.append((key, totals[key]))
            totals[key] = total
        }

        var changed: Set<TotalKey> { Set(earlier.map(\.0)) }

        mutating func end(_ id: String, _ held: TakenReservation) {
            open[id] = .some(nil)
            ended.append((id, held))
        }

        /// A place to go back to when a commit cannot be done whole.
        struct Place {
            let entries: Int
            let decisions: Int
            let ended: Int
            let totals: Int
        }

        var place: Place {
            Place(
                entries: newEntries.count, decisions: newDecisions.count, ended: ended.count, totals: earlier.count)
        }

        mutating func goBack(to place: Place) {
            while newEntries.count > place.entries { entries.remove(newEntries.removeLast().id) }
            while newDecisions.count > place.decisions { decisions.remove(newDecisions.removeLast().id) }
            while ended.count > place.ended {
                let last = ended.removeLast()
                open[last.id] = last.held
            }
            while earlier.count > place.totals {
                let (key, total) = earlier.removeLast()
                totals[key] = total
            }
        }
    }

    private struct TotalKey: Hashable {
        let budget: Int64
        let start: Int64
    }

    /// Does what can be done together. Nil stands for an operation that is to be done by itself afterwards.
    mutating func perform(
        _ operations: [MoneyOperation]
    ) throws(LedgerError) -> [Result<MoneyAnswer, LedgerError>?] {
        try names.prepare(operations.flatMap(\.labels), on: connection)
        var books = try look(at: operations)
        var answers: [Result<MoneyAnswer, LedgerError>?] = []
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

    private mutating func look(at operations: [MoneyOperation]) throws(LedgerError) -> Books {
        let reservations = SQLArray.texts(operations.flatMap(\.reservationIDs))
        let found = try connection.results([
            SQLQuery(
                "SELECT id, at, bound_nano, bound_tokens, bound_uj, team, api_key, session, job, batch "
                    + "FROM reservation WHERE id = ANY(CAST(? AS TEXT[]))", [reservations]),
            SQLQuery(
                "SELECT id FROM entry WHERE id = ANY(CAST(? AS TEXT[]))",
                [SQLArray.texts(operations.flatMap(\.entryIDs))]),
            SQLQuery("SELECT reservation FROM entry WHERE reservation = ANY(CAST(? AS TEXT[]))", [reservations]),
            SQLQuery(
                "SELECT id FROM decision WHERE id = ANY(CAST(? AS TEXT[]))",
                [SQLArray.texts(operations.flatMap(\.decisionIDs))]),
        ])
        var books = Books()
        for row in found[0].rows {
            books.open[row.text(0)] = try decodeTaken(SQLRow(values: Array(row.values.dropFirst())))
        }
        books.entries = Set(found[1].rows.map { $0.text(0) })
        books.settled = Set(found[2].rows.map { $0.text(0) })
        books.decisions = Set(found[3].rows.map { $0.text(0) })
        try readBudgets(of: operations, into: &books)
        return books
    }

    private func readBudgets(of operations: [MoneyOperation], into books: inout Books) throws(LedgerError) {
        var scopes: Set<BudgetScope> = []
        var starts: Set<Int64> = [0]
        let note = { (account: Attribution, moment: Timestamp) in
            scopes.formUnion(account.scopes)
            for window in [BudgetWindow.day, .week, .month] { starts.insert(window.start(of: moment)) }
        }
        for operation in operations {
            switch operation {
            case .reserve(let request): note(request.call.attribution, request.at)
            case .commit(let commit):
                for (id, entry) in commit.settlements {
                    guard let taken = books.open[id] ?? nil else { continue }
                    note(taken.attribution, taken.at)
                    note(entry.call.attribution, taken.at)
                }
                for id in commit.releases {
                    guard let taken = books.open[id] ?? nil else { continue }
                    note(taken.attribution, taken.at)
                }
            }
        }
        let texts = SQLArray.texts(scopes.map(\.description))
        let found = try connection.results([
            SQLQuery(
                "SELECT \(Self.budgetColumns) FROM budget WHERE scope = ANY(CAST(? AS TEXT[])) ORDER BY id", [texts]),
            SQLQuery(
                "SELECT budget, start, spent, reserved FROM budget_total WHERE budget IN (SELECT id FROM budget "
                    + "WHERE scope = ANY(CAST(? AS TEXT[]))) AND start = ANY(CAST(? AS BIGINT[]))",
                [texts, SQLArray.integers(starts)]),
        ])
        for row in found[0].rows {
            let line = try Self.decodeBudget(row)
            books.lines[line.budget.scope, default: []].append(line)
        }
        for row in found[1].rows {
            books.totals[TotalKey(budget: row.integer(0), start: row.integer(1))] = BudgetTotal(
                spent: row.integer(2), reserved: row.integer(3))
        }
    }

    // MARK: Operations

    private mutating func reserve(
        _ request: ReservationRequest, in books: inout Books
    ) throws(LedgerError) -> MoneyAnswer? {
        let isNew =
            books.open[request.id] == nil && !books.entries.contains(request.id) && !books.settled.contains(request.id)
        guard isNew, let lines = lines(of: request.call.attribution.scopes, in: books) else { return nil }
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
        books.open[request.id] = TakenReservation(
            at: request.at, bound: request.upperBound, attribution: request.call.attribution)
        for (key, total) in moves { books.set(total, of: key) }
        return .reservation(Reservation(request: request, owner: owner, warnings: warnings))
    }

    /// All parts of a commit, or none.
    private mutating func commit(_ commit: StepCommit, in books: inout Books) throws(LedgerError) -> MoneyAnswer? {
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
    private mutating func parts(of commit: StepCommit, in books: inout Books) throws(LedgerError) -> StepReceipt? {
        var settlements: [Settlement] = []
        var sums: [(EntrySums, RollupSlot)] = []
        for (id, entry) in commit.settlements {
            guard entry.kind != .correction, !books.entries.contains(entry.id), !books.settled.contains(id),
                let taken = books.open[id] ?? nil
            else { return nil }
            let figures = try EntryFigures(entry)
            guard try move(taken, spending: figures.amounts, on: entry.call.attribution, in: &books) else { return nil }
            var entry = entry
            entry.reservationID = id
            entry.chargedAt = taken.at
            let (row, slot) = try entryRow(entry, figures, reserved: taken.bound.money)
            books.newEntries.append((entry.id, row))
            sums.append((EntrySums(figures), slot))
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
        for (sums, slot) in sums { rollUp(sums, into: slot) }
        return StepReceipt(settlements: settlements, eventSequences: [])
    }

    /// Takes a reservation off the budgets of its scopes and puts amounts on those of an entry; false where one of them
    /// is of a kind that is not done here.
    private func move(
        _ taken: TakenReservation, spending amounts: Amounts, on account: Attribution, in books: inout Books
    ) throws(LedgerError) -> Bool {
        let held = taken.attribution.scopes
        let spent = account.scopes
        guard let lines = lines(of: held + spent.filter { !held.contains($0) }, in: books) else { return false }
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

    /// The budgets of some scopes in their order; nil where one has a rolling window.
    private func lines(of scopes: [BudgetScope], in books: Books) -> [BudgetLine]? {
        let lines = scopes.flatMap { books.lines[$0] ?? [] }
        return lines.contains { $0.budget.window.bucketMilliseconds != nil } ? nil : lines
    }

    // MARK: Writing

    private func write(_ books: Books) throws(LedgerError) {
        let insertions = [
            ("reservation", Self.reservationColumns, Self.reservationTypes, books.newReservations),
            ("entry", Self.entryColumns, Self.entryTypes, books.newEntries.map(\.row)),
            ("decision", Self.decisionColumns, Self.decisionTypes, books.newDecisions.map(\.row)),
        ]
        for (table, columns, types, rows) in insertions where !rows.isEmpty {
            let query = SQLArray.insertion(into: table, columns: columns, types: types, rows: rows)
            try connection.post(query.sql, query.arguments)
        }
        if !books.ended.isEmpty {
            try connection.post(
                "DELETE FROM reservation WHERE id = ANY(CAST(? AS TEXT[]))", [SQLArray.texts(books.ended.map(\.id))])
        }
        for key in books.changed {
            guard let total = books.totals[key] else { continue }
            try setTotal(total, of: key.budget, start: key.start)
        }
    }
}
