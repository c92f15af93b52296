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
    static let reservationColumns = labelledReservationInsertion.columns.joined(separator: ", ")
    static let reservationInsertion = SQLInsertion(
        table: "reservation",
        columns: ["id", "at", "owner", "bound_nano", "bound_tokens", "bound_uj"] + CallColumns.names,
        types: [.text, .bigint, .text, .bigint, .bigint, .bigint] + CallColumns.types)
    static let labelledReservationInsertion = reservationInsertion.labelled

    /// Reserves the upper bound of a call in all budgets of its scopes, or in none.
    mutating func reserve(_ request: ReservationRequest) throws(LedgerError) -> Reservation {
        if case .reservation(let made)? = try perform(.reserve(request)) { return made }
        try Self.checkReservable(request)
        if let user = request.call.attribution.labels.user, try inheritBudgets(user, at: request.at),
            case .reservation(let made)? = try perform(.reserve(request))
        {
            return made
        }
        if let open = try reservations(where: "id = ?", [.text(request.id)]).first {
            guard open.request.upperBound == request.upperBound, open.request.at == request.at else {
                throw .duplicate(kind: "reservation", id: request.id)
            }
            return open
        }
        throw .alreadySettled(reservation: request.id, entry: try entry(settling: request.id)?.id ?? request.id)
    }

    static func checkReservable(_ request: ReservationRequest) throws(LedgerError) {
        try check(id: request.id, "reservation")
        guard request.at.milliseconds >= 0 else { throw .invalid("a reservation '\(request.id)' before 1970") }
        // Validates the entry that recovery would book if the process died now.
        _ = try EntryFigures(uncertainEntry(for: request, at: request.at))
    }

    /// The values of `reservationInsertion`, or of the labelled one for a call with labels.
    ///
    /// - Parameter holder: its owner, if that is not this store.
    mutating func reservationRow(
        _ request: ReservationRequest, owner holder: String? = nil
    ) throws(LedgerError) -> [SQLValue] {
        let bound = request.upperBound
        var row: [SQLValue] = []
        row.reserveCapacity(Self.labelledReservationInsertion.columns.count)
        row.append(.text(request.id))
        row.append(.integer(request.at.milliseconds))
        row.append(.text(holder ?? owner))
        row.append(.integer(bound.money.nanoUSD))
        row.append(.integer(bound.tokens))
        row.append(.integer(bound.microjoules))
        try encode(request.call, into: &row)
        let labels = request.call.attribution.labels
        if !labels.isEmpty { row += try labelValues(labels) }
        return row
    }

    /// The condition of an entry that settled the reservation of its own id, which is not written twice.
    static let settlesItsName = "reservation IS NULL AND reserved_nano IS NOT NULL"

    /// Closes a reservation with an entry.
    mutating func settle(_ reservationID: String, _ entry: LedgerEntry) throws(LedgerError) -> Settlement {
        let commit = StepCommit(settlements: [(reservationID, entry)])
        if case .receipt(let receipt)? = try perform(.commit(commit)), let made = receipt.settlements.first {
            return made
        }
        let figures = try EntryFigures(entry)
        guard entry.kind != .correction else { throw .invalid("a correction settles nothing; use correct") }
        guard try reservations(where: "id = ?", [.text(reservationID)]).isEmpty else {
            throw .duplicate(kind: "entry", id: entry.id)
        }
        return try repeatedSettlement(of: reservationID, entry, figures)
    }

    /// Handles a reservation that is not open: settled before by the same entry or by recovery, or unknown.
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

    /// Corrects the uncertain entry of a call whose store came back after all.
    private mutating func correctRecovered(
        _ settled: LedgerEntry, _ reservationID: String, with result: CallResult
    ) throws(LedgerError) {
        var truth = settled
        truth.id = "\(reservationID)/settled"
        truth.result = result
        _ = try correct(settled.id, with: truth)
    }

    /// Closes the reservation of a call that was not billed.
    mutating func release(_ reservationID: String) throws(LedgerError) {
        if try perform(.commit(StepCommit(releases: [reservationID]))) != nil { return }
        guard let settled = try entry(settling: reservationID) else { throw .unknownReservation(reservationID) }
        guard settled.kind == .uncertain else {
            throw .alreadySettled(reservation: reservationID, entry: settled.id)
        }
        var nothing = settled.result
        nothing.usage = Usage()
        nothing.figures = .zero
        try correctRecovered(settled, reservationID, with: nothing)
    }

    static let closedColumns =
        "at, bound_nano, bound_tokens, bound_uj, team, api_key, session, job, batch, "
        + LabelColumns.list

    /// Reads `closedColumns` from a position of a row on.
    mutating func decodeReservation(_ row: SQLRow, at first: Int = 0) throws(LedgerError) -> ClosedReservation {
        ClosedReservation(
            at: Timestamp(milliseconds: row.integer(first)),
            bound: Amounts(
                money: Money(nanoUSD: row.integer(first + 1)), tokens: row.integer(first + 2),
                microjoules: row.integer(first + 3)),
            attribution: Attribution(
                team: try label(row[first + 4]), key: try label(row[first + 5]), session: try label(row[first + 6]),
                job: try label(row[first + 7]), batch: try label(row[first + 8]),
                labels: try decodeLabels(row, at: first + 9)))
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
            var call = try decodeCall(row, at: 6)
            call.attribution.labels = try decodeLabels(row, at: Self.reservationInsertion.columns.count)
            let request = ReservationRequest(
                id: row.text(0), at: Timestamp(milliseconds: row.integer(1)), call: call, upperBound: bound)
            reservations.append(Reservation(request: request, owner: row.text(2)))
        }
        return reservations
    }
}
