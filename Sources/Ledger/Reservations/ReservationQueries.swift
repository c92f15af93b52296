import Domain

extension LedgerMigration {
    /// The amounts of the upper bound, then the columns of `CallColumns`.
    static let reservationTables: [String] = [
        "CREATE TABLE reservation (id TEXT PRIMARY KEY, at {integer} NOT NULL, owner TEXT NOT NULL, "
            + "bound_nano {integer} NOT NULL, bound_tokens {integer} NOT NULL, bound_uj {integer} NOT NULL, "
            + "\(CallColumns.definitions)){keyed}"
    ]
}

extension LedgerTransaction {
    static let reservationColumns = reservationInsertion.columns.joined(separator: ", ")
    static let reservationInsertion = SQLInsertion(
        table: "reservation",
        columns: ["id", "at", "owner", "bound_nano", "bound_tokens", "bound_uj"] + CallColumns.names,
        types: [.text, .bigint, .text, .bigint, .bigint, .bigint] + CallColumns.types)
    private static let insertNewReservation = reservationInsertion.single + " ON CONFLICT (id) DO NOTHING"

    mutating func reserve(_ request: ReservationRequest) throws(LedgerError) -> Reservation {
        try Self.checkReservable(request)
        let bound = request.upperBound
        let inserted = try connection.execute(Self.insertNewReservation, try reservationRow(request))
        guard inserted == 1 else {
            guard let open = try reservations(where: "id = ?", [.text(request.id)]).first,
                open.request.upperBound == bound, open.request.at == request.at
            else { throw .duplicate(kind: "reservation", id: request.id) }
            return open
        }
        let scopes = request.call.attribution.scopes
        let answers = try connection.results([
            SQLQuery(Self.settlingEntry, [.text(request.id), .text(request.id)]),
            budgetQuery(of: scopes, at: request.at),
        ])
        if let entry = answers[0].rows.first { throw .alreadySettled(reservation: request.id, entry: entry.text(0)) }
        let warnings = try setAside(bound, on: try budgetLines(answers[1], of: scopes), at: request.at)
        return Reservation(request: request, owner: owner, warnings: warnings)
    }

    static func checkReservable(_ request: ReservationRequest) throws(LedgerError) {
        try check(id: request.id, "reservation")
        guard request.at.milliseconds >= 0 else { throw .invalid("a reservation '\(request.id)' before 1970") }
        // Should the process die now, recovery books this; so it has to be something that can be booked.
        _ = try EntryFigures(uncertainEntry(for: request, at: request.at))
    }

    /// The values of `reservationColumns`.
    ///
    /// - Parameter holder: what it belongs to, where that is not this store.
    mutating func reservationRow(
        _ request: ReservationRequest, owner holder: String? = nil
    ) throws(LedgerError) -> [SQLValue] {
        let bound = request.upperBound
        let head: [SQLValue] = [
            .text(request.id), .integer(request.at.milliseconds), .text(holder ?? owner), .integer(bound.money.nanoUSD),
            .integer(bound.tokens), .integer(bound.microjoules),
        ]
        return head + (try encode(request.call))
    }

    private static let settlingEntry =
        "SELECT id FROM entry WHERE id = ? AND reservation IS NULL AND reserved_nano IS NOT NULL "
        + "UNION ALL SELECT id FROM entry WHERE reservation = ?"

    /// Checks all budgets first, then moves them all.
    func setAside(
        _ bound: Amounts, on lines: [(line: BudgetLine, total: BudgetTotal)], at moment: Timestamp
    ) throws(LedgerError) -> [BudgetRefusal] {
        var warnings: [BudgetRefusal] = []
        var moves: [(line: BudgetLine, start: Int64, total: BudgetTotal)] = []
        for (line, joined) in lines {
            let budget = line.budget
            let asked = bound[line.unit]
            var (used, total) = (joined, joined)
            let start = budget.window.start(of: moment)
            if case .rolling = budget.window {
                used = try self.used(of: line, at: moment)
                total = try self.total(of: line, start: start)
            }
            if let refusal = Self.refusal(of: line, used: used, asked: asked, at: moment) {
                guard budget.mode == .warn else { throw .budgetExceeded(refusal) }
                warnings.append(refusal)
            }
            if asked == 0 { continue }
            total.reserved = try Self.sum(total.reserved, asked, "the budget of \(budget.scope)")
            moves.append((line, start, total))
        }
        for move in moves { try setTotal(move.total, of: move.line, start: move.start) }
        return warnings
    }

    /// What a budget says to an amount that it has no room for; nil where it has, as for nothing, however overspent it is.
    static func refusal(
        of line: BudgetLine, used: BudgetTotal, asked: Int64, at moment: Timestamp
    ) -> BudgetRefusal? {
        let budget = line.budget
        let status = BudgetStatus(budget: budget, spent: used.spent, reserved: used.reserved)
        guard asked > max(status.left, 0) else { return nil }
        return BudgetRefusal(
            scope: budget.scope, window: budget.window, limit: budget.limit, spent: used.spent,
            reserved: used.reserved, asked: asked, resetsAt: budget.window.end(of: moment))
    }

    mutating func settle(_ reservationID: String, _ entry: LedgerEntry) throws(LedgerError) -> Settlement {
        let figures = try EntryFigures(entry)
        guard entry.kind != .correction else { throw .invalid("a correction settles nothing; use correct") }
        guard let taken = try takeReservation(reservationID) else {
            return try repeatedSettlement(of: reservationID, entry, figures)
        }
        var entry = entry
        entry.reservationID = reservationID
        entry.chargedAt = taken.at
        try insert(entry, figures, reserved: taken.bound.money)
        try move(
            returning: taken.bound, to: taken.attribution, spending: figures.amounts, on: entry.call.attribution,
            at: taken.at)
        return Settlement(
            entryID: entry.id, overrun: Self.overrun(figures.amounts, over: taken.bound), isRepeat: false)
    }

    /// The reservation is gone: the same entry settled it before, or recovery did, or something is wrong.
    private mutating func repeatedSettlement(
        of reservationID: String, _ entry: LedgerEntry, _ figures: EntryFigures
    ) throws(LedgerError) -> Settlement {
        guard let settled = try self.entry(settling: reservationID) else { throw .unknownReservation(reservationID) }
        let before = try EntryFigures(settled)
        if settled.kind == .uncertain, entry.kind != .uncertain {
            try correctRecovered(settled, reservationID, with: entry.result)
            return Settlement(entryID: settled.id, overrun: .zero, isRepeat: false)
        }
        guard settled.id == entry.id, settled.kind == entry.kind, before.usage == figures.usage,
            before.cost == figures.cost
        else { throw .alreadySettled(reservation: reservationID, entry: settled.id) }
        return Settlement(entryID: entry.id, overrun: .zero, isRepeat: true)
    }

    /// Books the truth about a call that recovery took for lost: its store was alive after all, or came back.
    private mutating func correctRecovered(
        _ settled: LedgerEntry, _ reservationID: String, with result: CallResult
    ) throws(LedgerError) {
        var truth = settled
        truth.id = "\(reservationID)/settled"
        truth.result = result
        _ = try correct(settled.id, with: truth)
    }

    static func overrun(_ amounts: Amounts, over bound: Amounts) -> Amounts {
        Amounts(
            money: Money(nanoUSD: max(amounts.money.nanoUSD - bound.money.nanoUSD, 0)),
            tokens: max(amounts.tokens - bound.tokens, 0),
            microjoules: max(amounts.microjoules - bound.microjoules, 0))
    }

    mutating func release(_ reservationID: String) throws(LedgerError) {
        guard let taken = try takeReservation(reservationID) else {
            if let settled = try entry(settling: reservationID) {
                if settled.kind == .uncertain {
                    var nothing = settled.result
                    nothing.usage = Usage()
                    nothing.figures = .zero
                    return try correctRecovered(settled, reservationID, with: nothing)
                }
                throw .alreadySettled(reservation: reservationID, entry: settled.id)
            }
            throw .unknownReservation(reservationID)
        }
        try move(
            returning: taken.bound, to: taken.attribution, spending: .zero, on: taken.attribution, at: taken.at)
    }

    struct ClosedReservation {
        let at: Timestamp
        let bound: Amounts
        let attribution: Attribution
    }

    /// Removes an open reservation and says what it held; nil where there is none.
    private mutating func takeReservation(_ id: String) throws(LedgerError) -> ClosedReservation? {
        let row = try connection.row(
            "DELETE FROM reservation WHERE id = ? "
                + "RETURNING at, bound_nano, bound_tokens, bound_uj, team, api_key, session, job, batch", [.text(id)])
        return try row.map { (row) throws(LedgerError) in try decodeTaken(row) }
    }

    /// Reads `at, bound_nano, bound_tokens, bound_uj, team, api_key, session, job, batch`.
    mutating func decodeTaken(_ row: SQLRow) throws(LedgerError) -> ClosedReservation {
        ClosedReservation(
            at: Timestamp(milliseconds: row.integer(0)),
            bound: Amounts(
                money: Money(nanoUSD: row.integer(1)), tokens: row.integer(2), microjoules: row.integer(3)),
            attribution: Attribution(
                team: try label(row[4]), key: try label(row[5]), session: try label(row[6]), job: try label(row[7]),
                batch: try label(row[8])))
    }

    /// Takes a reservation off the budgets of its scopes and puts amounts on those of an entry, mostly the same ones.
    func move(
        returning bound: Amounts, to holder: Attribution, spending amounts: Amounts, on account: Attribution,
        at moment: Timestamp
    ) throws(LedgerError) {
        let held = holder.scopes
        let spent = account.scopes
        let scopes = held == spent ? held : held + spent.filter { !held.contains($0) }
        let answer = try connection.results([budgetQuery(of: scopes, at: moment)])[0]
        for (line, joined) in try budgetLines(answer, of: scopes) {
            let scope = line.budget.scope
            let freed = held.contains(scope) ? bound[line.unit] : 0
            let added = spent.contains(scope) ? amounts[line.unit] : 0
            if freed == 0, added == 0 { continue }
            let start = line.budget.window.start(of: moment)
            var total = joined
            if case .rolling = line.budget.window { total = try self.total(of: line, start: start) }
            total.reserved = try Self.sum(total.reserved, -freed, "the budget of \(scope)")
            total.spent = try Self.sum(total.spent, added, "the budget of \(scope)")
            try setTotal(total, of: line, start: start)
        }
    }

    /// All reservations whose calls are under way.
    package mutating func openReservations() throws(LedgerError) -> [Reservation] { try reservations() }

    mutating func reservations(
        where condition: String = "1 = 1", _ arguments: [SQLValue] = []
    ) throws(LedgerError) -> [Reservation] {
        let rows = try connection.rows(
            "SELECT \(Self.reservationColumns) FROM reservation WHERE \(condition) ORDER BY at, id", arguments)
        var reservations: [Reservation] = []
        for row in rows {
            let bound = Amounts(
                money: Money(nanoUSD: row.integer(3)), tokens: row.integer(4), microjoules: row.integer(5))
            let request = ReservationRequest(
                id: row.text(0), at: Timestamp(milliseconds: row.integer(1)), call: try decodeCall(row, at: 6),
                upperBound: bound)
            reservations.append(Reservation(request: request, owner: row.text(2)))
        }
        return reservations
    }
}
