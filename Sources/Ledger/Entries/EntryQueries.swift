import Domain

extension LedgerMigration {
    /// Money in nano-USD, energy in microjoules, latency in microseconds, time in milliseconds since 1970.
    static let entryTables: [String] = [
        "CREATE TABLE entry (sequence {serial}, id TEXT NOT NULL UNIQUE, at {integer} NOT NULL, "
            + "charged_at {integer} NOT NULL, kind {integer} NOT NULL{named}, reservation TEXT, "
            + "reserved_nano {integer}, corrects TEXT, uncertain {integer} NOT NULL, \(CallColumns.definitions), "
            + "served_model {integer}{named}, input {integer} NOT NULL, cached_read {integer} NOT NULL, "
            + "cache_write_5m {integer} NOT NULL, cache_write_1h {integer} NOT NULL, output {integer} NOT NULL, "
            + "reasoning {integer} NOT NULL, audio_input {integer} NOT NULL, audio_output {integer} NOT NULL, "
            + "requests {integer} NOT NULL, api {integer} NOT NULL, energy_cost {integer} NOT NULL, "
            + "hardware {integer} NOT NULL, energy_uj {integer} NOT NULL, latency_us {integer} NOT NULL, "
            + "energy_provenance {integer} NOT NULL{named}, first_token_us {integer}, "
            + "outcome {integer} NOT NULL{named}, http_status {integer}){strict}",
        "CREATE INDEX entry_charged_at ON entry (charged_at)",
        "CREATE INDEX entry_run ON entry (run)",
        "CREATE UNIQUE INDEX entry_reservation ON entry (reservation) WHERE reservation IS NOT NULL",
        "CREATE INDEX entry_corrects ON entry (corrects) WHERE corrects IS NOT NULL",
        "CREATE INDEX entry_job ON entry (job) WHERE job IS NOT NULL",
        "CREATE INDEX entry_session ON entry (session) WHERE session IS NOT NULL",
        "CREATE INDEX entry_batch ON entry (batch) WHERE batch IS NOT NULL",
    ]
}

extension LedgerTransaction {
    private static let resultColumns = [
        "served_model", "input", "cached_read", "cache_write_5m", "cache_write_1h", "output", "reasoning",
        "audio_input", "audio_output", "requests", "api", "energy_cost", "hardware", "energy_uj", "latency_us",
        "energy_provenance", "first_token_us", "outcome", "http_status",
    ]
    private static let headColumns = [
        "id", "at", "charged_at", "kind", "reservation", "reserved_nano", "corrects", "uncertain",
    ]
    static let entryColumns = labelledEntryInsertion.columns.joined(separator: ", ")
    static let entryInsertion = SQLInsertion(
        table: "entry", columns: headColumns + CallColumns.names + resultColumns,
        types: headColumns.map { ["id", "reservation", "corrects"].contains($0) ? .text : .bigint }
            + CallColumns.types + resultColumns.map { _ in .bigint })
    static let labelledEntryInsertion = entryInsertion.labelled
    private static let ifNew = " ON CONFLICT (id) DO NOTHING"
    private static let insertNewEntry = entryInsertion.single + ifNew
    private static let insertNewLabelledEntry = labelledEntryInsertion.single + ifNew

    /// Appends an entry and nothing else; throws `duplicate` where the id is taken.
    mutating func insert(
        _ entry: LedgerEntry, _ figures: EntryFigures, reserved: Money? = nil
    ) throws(LedgerError) {
        let row = try entryRow(entry, figures, reserved: reserved)
        let isLabelled = row.count > Self.entryInsertion.columns.count
        let inserted = try connection.execute(isLabelled ? Self.insertNewLabelledEntry : Self.insertNewEntry, row)
        guard inserted == 1 else { throw .duplicate(kind: "entry", id: entry.id) }
    }

    /// The values of `entryInsertion`, or of the labelled one for a call with labels.
    mutating func entryRow(
        _ entry: LedgerEntry, _ figures: EntryFigures, reserved: Money?
    ) throws(LedgerError) -> [SQLValue] {
        try Self.check(id: entry.id, "entry")
        madeEntries += 1
        let result = entry.result
        // A reservation id equal to the entry's is not stored twice: `reserved_nano` marks it.
        let reservation = entry.reservationID == entry.id ? nil : entry.reservationID
        var row: [SQLValue] = []
        row.reserveCapacity(Self.labelledEntryInsertion.columns.count)
        row.append(.text(entry.id))
        row.append(.integer(entry.at.milliseconds))
        row.append(.integer(entry.chargedAt.milliseconds))
        row.append(try nameID(entry.kind.rawValue))
        row.append(.optional(reservation))
        row.append(.integer(reserved.map { Int($0.nanoUSD) }))
        row.append(.optional(entry.corrects))
        row.append(.integer(figures.uncertainty))
        try encode(entry.call, into: &row)
        row.append(try nameID(result.servedModel))
        for kind in UsageClass.allCases { row.append(.integer(Int64(result.usage[kind]))) }
        Self.encode(result.figures, into: &row)
        row.append(try nameID(result.energyProvenance.rawValue))
        row.append(.integer(figures.firstTokenMicroseconds.map { Int($0) }))
        row.append(try nameID(result.outcome.rawValue))
        row.append(.integer(result.httpStatus))
        let labels = entry.call.attribution.labels
        if !labels.isEmpty { row += try labelValues(labels) }
        return row
    }

    /// Reads entries by a condition, in the order of booking.
    mutating func entries(where condition: String, _ arguments: [SQLValue]) throws(LedgerError) -> [LedgerEntry] {
        let rows = try connection.rows(
            "SELECT \(Self.entryColumns) FROM entry WHERE \(condition) ORDER BY sequence", arguments)
        var entries: [LedgerEntry] = []
        for row in rows { entries.append(try decodeEntry(row)) }
        return entries
    }

    /// Reads at most `limit` entries with their sequence numbers, in the order of booking.
    mutating func entries(
        where condition: String, _ arguments: [SQLValue], limit: Int
    ) throws(LedgerError) -> [(sequence: Int64, entry: LedgerEntry)] {
        let rows = try connection.rows(
            "SELECT \(Self.entryColumns), sequence FROM entry WHERE \(condition) ORDER BY sequence LIMIT ?",
            arguments + [.integer(limit)])
        var entries: [(sequence: Int64, entry: LedgerEntry)] = []
        for row in rows {
            entries.append((row.integer(Self.labelledEntryInsertion.columns.count), try decodeEntry(row)))
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
            where: "(id = ? AND \(Self.settlesItsName)) OR reservation = ?",
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
        entry.call.attribution.labels = try decodeLabels(row, at: Self.entryInsertion.columns.count)
        return entry
    }

}

/// The columns of a planned call, which reservations and entries share.
enum CallColumns {
    static let names = [
        "run", "team", "api_key", "session", "job", "batch", "policy", "decision", "model", "provider", "placement",
        "stage", "tier", "catalog", "price_day", "predicted_api", "predicted_energy_cost", "predicted_hardware",
        "predicted_energy_uj", "predicted_latency_us", "baseline_model", "baseline_api", "baseline_energy_cost",
        "baseline_hardware", "baseline_energy_uj", "baseline_latency_us",
    ]
    /// PostgreSQL's types.
    static let types: [SQLType] = names.map { $0 == "decision" ? .text : .bigint }
    static let list = names.joined(separator: ", ")
    /// The definitions of the columns.
    static let definitions = names.map { name in
        switch name {
        case "run", "model", "provider", "placement", "tier", "catalog": "\(name) {integer} NOT NULL{named}"
        case "decision": "decision TEXT"
        case "predicted_api", "predicted_energy_cost", "predicted_hardware", "predicted_energy_uj",
            "predicted_latency_us":
            "\(name) {integer} NOT NULL"
        case "price_day", "baseline_api", "baseline_energy_cost", "baseline_hardware", "baseline_energy_uj",
            "baseline_latency_us":
            "\(name) {integer}"
        default: "\(name) {integer}{named}"
        }
    }.joined(separator: ", ")
}

extension LedgerTransaction {
    /// The values of `CallColumns`, in order.
    mutating func encode(_ call: PlannedCall, into row: inout [SQLValue]) throws(LedgerError) {
        let account = call.attribution
        row.append(try nameID(call.runID))
        row.append(try nameID(account.team))
        row.append(try nameID(account.key))
        row.append(try nameID(account.session))
        row.append(try nameID(account.job))
        row.append(try nameID(account.batch))
        row.append(try nameID(call.policy))
        row.append(.optional(call.decisionID))
        row.append(try nameID(call.model.rawValue))
        row.append(try nameID(call.provider))
        row.append(try nameID(call.placement.rawValue))
        row.append(try nameID(call.stage?.rawValue))
        row.append(try nameID(call.tier.rawValue))
        row.append(try nameID(call.catalogVersion))
        row.append(.integer(call.priceAsOf?.daysSinceEpoch))
        Self.encode(call.predicted, into: &row)
        row.append(try nameID(call.baseline?.model.rawValue))
        if let baseline = call.baseline {
            Self.encode(baseline.figures, into: &row)
        } else {
            for _ in 0..<5 { row.append(.null) }
        }
    }

    /// API, energy and hardware cost in nano-USD, microjoules, microseconds.
    static func encode(_ figures: CallFigures, into row: inout [SQLValue]) {
        row.append(.integer(figures.cost.api.nanoUSD))
        row.append(.integer(figures.cost.energy.nanoUSD))
        row.append(.integer(figures.cost.hardware.nanoUSD))
        row.append(.integer(Amounts.microjoules(figures.energyJoules) ?? 0))
        row.append(.integer(Amounts.microjoules(figures.latencySeconds) ?? 0))
    }

    /// Decodes `CallColumns` from a position of a row on.
    mutating func decodeCall(_ row: SQLRow, at first: Int) throws(LedgerError) -> PlannedCall {
        let account = Attribution(
            team: try label(row[first + 1]), key: try label(row[first + 2]), session: try label(row[first + 3]),
            job: try label(row[first + 4]), batch: try label(row[first + 5]))
        let baseline = try label(row[first + 20])
        return PlannedCall(
            runID: try label(row[first]) ?? "", attribution: account, decisionID: row.optionalText(first + 7),
            model: ModelID(try label(row[first + 8]) ?? ""), provider: try label(row[first + 9]) ?? "",
            placement: try decode(Placement.self, row[first + 10]) ?? .cloud,
            stage: try decode(Stage.self, row[first + 11]), policy: try label(row[first + 6]),
            tier: try decode(ServiceTier.self, row[first + 12]) ?? .standard,
            catalogVersion: try label(row[first + 13]) ?? "",
            priceAsOf: row.optionalInteger(first + 14).map { CalendarDay(daysSinceEpoch: Int($0)) },
            predicted: Self.decodeFigures(row, at: first + 15),
            baseline: baseline.map { Baseline(model: ModelID($0), figures: Self.decodeFigures(row, at: first + 21)) })
    }

    static func decodeFigures(_ row: SQLRow, at first: Int) -> CallFigures {
        CallFigures(
            cost: CallCost(
                api: Money(nanoUSD: row.integer(first)), energy: Money(nanoUSD: row.integer(first + 1)),
                hardware: Money(nanoUSD: row.integer(first + 2))),
            energyJoules: Double(row.integer(first + 3)) / 1e6, latencySeconds: Double(row.integer(first + 4)) / 1e6)
    }

    /// Decodes a case stored by name; throws for one that this version does not know.
    mutating func decode<Value: RawRepresentable<String>>(
        _ type: Value.Type, _ value: SQLValue
    ) throws(LedgerError) -> Value? {
        guard let text = try label(value) else { return nil }
        guard let decoded = Value(rawValue: text) else {
            throw .database("'\(text)' is no \(type) that this version knows; was the database edited by hand?")
        }
        return decoded
    }
}
