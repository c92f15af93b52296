import Domain

extension LedgerTransaction {
    /// Appends an entry without reservation.
    mutating func append(_ entry: LedgerEntry) throws(LedgerError) {
        guard entry.kind != .correction else { throw .invalid("a correction names what it corrects; use correct") }
        guard entry.at.milliseconds >= 0 else { throw .invalid("an entry '\(entry.id)' before 1970") }
        var entry = entry
        entry.chargedAt = entry.at
        let figures = try EntryFigures(entry)
        try insert(entry, figures)
        let account = entry.call.attribution
        try move(releasing: .zero, of: account, spending: figures.amounts, on: account, at: entry.chargedAt)
    }

    /// Appends the difference in amounts between an entry (with its corrections) and `truth`, charged at the time of the
    /// entry that it corrects. Returns the appended entry.
    package mutating func correct(_ entryID: String, with truth: LedgerEntry) throws(LedgerError) -> LedgerEntry {
        guard let original = try entry(entryID) else { throw .notFound(kind: "entry", id: entryID) }
        guard original.corrects == nil else {
            throw .invalid("'\(entryID)' is itself a correction; correct '\(original.corrects ?? "")' instead")
        }
        _ = try EntryFigures(truth)
        let earlier = try entries(where: "corrects = ?", [.text(entryID)])
        if let same = earlier.first(where: { $0.id == truth.id }) { return same }
        var difference = truth
        difference.kind = .correction
        difference.corrects = entryID
        difference.chargedAt = original.chargedAt
        difference.uncertainty = original.kind == .uncertain && earlier.isEmpty ? -1 : 0
        difference.call = original.call
        difference.call.predicted = .zero
        difference.call.baseline?.figures = .zero
        for booked in [original] + earlier { difference.result.subtract(booked.result) }
        difference.result.figures.latencySeconds = 0
        difference.result.firstTokenSeconds = nil
        let figures = try EntryFigures(difference)
        try insert(difference, figures)
        let account = difference.call.attribution
        try move(releasing: .zero, of: account, spending: figures.amounts, on: account, at: difference.chargedAt)
        return difference
    }

    /// Settles the reservations of dead owners at their upper bound, and makes their batch rows pending. An open group
    /// at a provider keeps its own.
    mutating func recover(
        at moment: Timestamp, isAlive: (String) throws(LedgerError) -> Bool
    ) throws(LedgerError) -> [LedgerEntry] {
        let owners = try connection.rows("SELECT DISTINCT owner FROM reservation", []).map { $0.text(0) }
        var booked: [LedgerEntry] = []
        for owner in owners where owner != self.owner {
            if try isOpenGroup(owner) { continue }
            if try isAlive(owner) { continue }
            booked += try bookUncertain(ownedBy: owner, at: moment)
        }
        try returnRows { (owner) throws(LedgerError) in
            if try isOpenGroup(owner) { return true }
            return try isAlive(owner)
        }
        return booked
    }

    /// Settles all reservations of an owner at their upper bound; returns the entries.
    mutating func bookUncertain(
        ownedBy owner: String, at moment: Timestamp
    ) throws(LedgerError) -> [LedgerEntry] {
        var booked: [LedgerEntry] = []
        for reservation in try reservations(where: "owner = ?", [.text(owner)]) {
            var entry = Self.uncertainEntry(for: reservation.request, at: moment)
            if try self.entry(entry.id) != nil { entry.id += "/uncertain" }
            _ = try settle(reservation.request.id, entry)
            booked += try entries(where: "id = ?", [.text(entry.id)])
        }
        return booked
    }

    /// The entry of a call with an unknown outcome.
    static func uncertainEntry(for request: ReservationRequest, at moment: Timestamp) -> LedgerEntry {
        let bound = request.upperBound
        // The class of the tokens is unknown: they count as output, the dearest.
        let result = CallResult(
            usage: Usage(output: Int(bound.tokens), requests: 1),
            figures: CallFigures(atMost: bound, latencySeconds: 0), outcome: .failed)
        return LedgerEntry(id: request.id, at: moment, kind: .uncertain, call: request.call, result: result)
    }
}

extension CallResult {
    /// Subtracts the amounts of another result.
    fileprivate mutating func subtract(_ other: CallResult) {
        usage.input -= other.usage.input
        usage.cachedRead -= other.usage.cachedRead
        usage.cacheWrite5m -= other.usage.cacheWrite5m
        usage.cacheWrite1h -= other.usage.cacheWrite1h
        usage.output -= other.usage.output
        usage.reasoning -= other.usage.reasoning
        usage.audioInput -= other.usage.audioInput
        usage.audioOutput -= other.usage.audioOutput
        usage.requests -= other.usage.requests
        figures.cost.api.nanoUSD -= other.figures.cost.api.nanoUSD
        figures.cost.energy.nanoUSD -= other.figures.cost.energy.nanoUSD
        figures.cost.hardware.nanoUSD -= other.figures.cost.hardware.nanoUSD
        figures.energyJoules -= other.figures.energyJoules
    }
}
