import Domain

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
}

extension LedgerTransaction {
    /// The values of `CallColumns`, in order.
    mutating func encode(_ call: PlannedCall) throws(LedgerError) -> [SQLValue] {
        let account = call.attribution
        let run = try nameID(call.runID)
        let team = try nameID(account.team)
        let key = try nameID(account.key)
        let session = try nameID(account.session)
        let job = try nameID(account.job)
        let batch = try nameID(account.batch)
        let policy = try nameID(call.policy)
        let model = try nameID(call.model.rawValue)
        let provider = try nameID(call.provider)
        let placement = try nameID(call.placement.rawValue)
        let stage = try nameID(call.stage?.rawValue)
        let tier = try nameID(call.tier.rawValue)
        let catalog = try nameID(call.catalogVersion)
        let baselineModel = try nameID(call.baseline?.model.rawValue)
        return [
            run, team, key, session, job, batch, policy, .optional(call.decisionID), model, provider, placement, stage,
            tier, catalog, .integer(call.priceAsOf?.daysSinceEpoch),
        ] + Self.encode(call.predicted) + [baselineModel]
            + (call.baseline.map { Self.encode($0.figures) } ?? Array(repeating: .null, count: 5))
    }

    /// API, energy and hardware cost in nano-USD, microjoules, microseconds.
    static func encode(_ figures: CallFigures) -> [SQLValue] {
        [
            .integer(figures.cost.api.nanoUSD), .integer(figures.cost.energy.nanoUSD),
            .integer(figures.cost.hardware.nanoUSD), .integer(Amounts.microjoules(figures.energyJoules) ?? 0),
            .integer(Amounts.microjoules(figures.latencySeconds) ?? 0),
        ]
    }

    /// Reads `CallColumns` from a position of a row on.
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

    /// A value of an enumeration kept by name; throws for a name that this version does not know.
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
