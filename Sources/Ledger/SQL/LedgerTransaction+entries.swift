import Domain

extension LedgerTransaction {
    private static let resultColumns = [
        "served_model", "input", "cached_read", "cache_write_5m", "cache_write_1h", "output", "reasoning",
        "audio_input", "audio_output", "requests", "api", "energy_cost", "hardware", "energy_uj", "latency_us",
        "energy_provenance", "first_token_us", "outcome", "http_status",
    ]
    private static let headColumns = [
        "id", "at", "charged_at", "kind", "reservation", "reserved_nano", "corrects", "uncertain",
    ]
    static let entryColumns = entryInsertion.columns.joined(separator: ", ")
    static let entryInsertion = SQLInsertion(
        table: "entry", columns: headColumns + CallColumns.names + resultColumns,
        types: headColumns.map { ["id", "reservation", "corrects"].contains($0) ? .text : .bigint }
            + CallColumns.types + resultColumns.map { _ in .bigint })
    private static let insertNewEntry = entryInsertion.single + " ON CONFLICT (id) DO NOTHING"

    /// `?, ?, ?`
    static func placeholders(_ count: Int) -> String {
        Array(repeating: "?", count: count).joined(separator: ", ")
    }

    /// Appends an entry and nothing else; throws `duplicate` where the id is taken.
    mutating func insert(
        _ entry: LedgerEntry, _ figures: EntryFigures, reserved: Money? = nil
    ) throws(LedgerError) {
        let row = try entryRow(entry, figures, reserved: reserved)
        let inserted = try connection.execute(Self.insertNewEntry, row)
        guard inserted == 1 else { throw .duplicate(kind: "entry", id: entry.id) }
    }

    /// The values of `entryColumns`.
    mutating func entryRow(
        _ entry: LedgerEntry, _ figures: EntryFigures, reserved: Money?
    ) throws(LedgerError) -> [SQLValue] {
        try Self.check(id: entry.id, "entry")
        madeEntries += 1
        let result = entry.result
        let call = try encode(entry.call)
        let kind = try nameID(entry.kind.rawValue)
        let served = try nameID(result.servedModel)
        let provenance = try nameID(result.energyProvenance.rawValue)
        let outcome = try nameID(result.outcome.rawValue)
        let usage = UsageClass.allCases.map { SQLValue.integer(Int64(result.usage[$0])) }
        // A reservation of the entry's own name is not written twice: `reserved_nano` says that there was one.
        let reservation = entry.reservationID == entry.id ? nil : entry.reservationID
        let head: [SQLValue] = [
            .text(entry.id), .integer(entry.at.milliseconds), .integer(entry.chargedAt.milliseconds), kind,
            .optional(reservation), .integer(reserved.map { Int($0.nanoUSD) }), .optional(entry.corrects),
            .integer(figures.uncertainty),
        ]
        let tail: [SQLValue] = [
            provenance, .integer(figures.firstTokenMicroseconds.map { Int($0) }), outcome, .integer(result.httpStatus),
        ]
        return head + call + [served] + usage + Self.encode(result.figures) + tail
    }

    /// Reads one entry by a condition.
    mutating func entries(where condition: String, _ arguments: [SQLValue]) throws(LedgerError) -> [LedgerEntry] {
        let rows = try connection.rows(
            "SELECT \(Self.entryColumns) FROM entry WHERE \(condition) ORDER BY sequence", arguments)
        var entries: [LedgerEntry] = []
        for row in rows { entries.append(try decodeEntry(row)) }
        return entries
    }

    /// Reads entries with their sequence numbers, at most so many, in the order of booking.
    mutating func entries(
        where condition: String, _ arguments: [SQLValue], limit: Int
    ) throws(LedgerError) -> [(sequence: Int64, entry: LedgerEntry)] {
        let rows = try connection.rows(
            "SELECT \(Self.entryColumns), sequence FROM entry WHERE \(condition) ORDER BY sequence LIMIT ?",
            arguments + [.integer(limit)])
        var entries: [(sequence: Int64, entry: LedgerEntry)] = []
        for row in rows {
            let position = Self.headColumns.count + CallColumns.names.count + Self.resultColumns.count
            entries.append((row.integer(position), try decodeEntry(row)))
        }
        return entries
    }

    /// The entry of an id; nil where there is none.
    package mutating func entry(_ id: String) throws(LedgerError) -> LedgerEntry? {
        try entries(where: "id = ?", [.text(id)]).first
    }

    /// The entries of a run, in the order of booking.
    package mutating func entries(ofRun runID: String) throws(LedgerError) -> [LedgerEntry] {
        guard let run = try names.existingID(runID, on: connection) else { return [] }
        return try entries(where: "run = ?", [.integer(run)])
    }

    /// The entry that settled a reservation.
    mutating func entry(settling reservation: String) throws(LedgerError) -> LedgerEntry? {
        try entries(
            where: "(id = ? AND reservation IS NULL AND reserved_nano IS NOT NULL) OR reservation = ?",
            [.text(reservation), .text(reservation)]
        ).first
    }

    private mutating func decodeEntry(_ row: SQLRow) throws(LedgerError) -> LedgerEntry {
        let tail = Self.headColumns.count + CallColumns.names.count
        let usage = Usage(
            input: Int(row.integer(tail + 1)), cachedRead: Int(row.integer(tail + 2)),
            cacheWrite5m: Int(row.integer(tail + 3)), cacheWrite1h: Int(row.integer(tail + 4)),
            output: Int(row.integer(tail + 5)), reasoning: Int(row.integer(tail + 6)),
            audioInput: Int(row.integer(tail + 7)), audioOutput: Int(row.integer(tail + 8)),
            requests: Int(row.integer(tail + 9)))
        let result = CallResult(
            servedModel: try label(row[tail]), usage: usage, figures: Self.decodeFigures(row, at: tail + 10),
            energyProvenance: try decode(Provenance.self, row[tail + 15]) ?? .estimated,
            firstTokenSeconds: row.optionalInteger(tail + 16).map { Double($0) / 1e6 },
            outcome: try decode(CallOutcome.self, row[tail + 17]) ?? .completed,
            httpStatus: row.optionalInteger(tail + 18).map { Int($0) })
        var entry = LedgerEntry(
            id: row.text(0), at: Timestamp(milliseconds: row.integer(1)),
            kind: try decode(EntryKind.self, row[3]) ?? .call,
            call: try decodeCall(row, at: Self.headColumns.count), result: result)
        entry.chargedAt = Timestamp(milliseconds: row.integer(2))
        if row.optionalInteger(5) != nil { entry.reservationID = row.optionalText(4) ?? entry.id }
        entry.corrects = row.optionalText(6)
        entry.uncertainty = Int(row.integer(7))
        return entry
    }

    /// Ids are the callers' own, within reason.
    static func check(id: String, _ kind: String) throws(LedgerError) {
        guard (1...200).contains(id.utf8.count), !id.utf8.contains(0) else {
            throw .invalid("the id of a \(kind) has to be of 1 to 200 bytes without NUL, not '\(id.prefix(40))'")
        }
    }
}
