package import Domain
package import JSON
package import Ledger
package import Steps

extension DashboardReport {
    /// The dashboard as JSON: the query, a row per group, and totals. Money in exact decimals of USD.
    ///
    /// - Parameters:
    ///   - economics: converts energy to carbon.
    ///   - quality: quality measurements of the same time, or nil.
    ///   - series: the same time in spans, or nil.
    ///   - live: the models' present state, or nil.
    package func document(
        economics: Economics, quality: QualityReport? = nil, series: DashboardSeries? = nil, live: LiveModels? = nil
    ) -> [UInt8] {
        var writer = JSONWriter(capacity: 1024 + 512 * rows.count)
        writer.object { object in
            object.member("object", "dashboard")
            object.member("from", query.from.description)
            object.member("to", query.to.description)
            object.member("group_by", array: { list in for name in query.groupBy { list.element(name.rawValue) } })
            object.member(
                "rows",
                array: { list in
                    for row in rows {
                        list.object { object in
                            for (name, key) in zip(query.groupBy, row.keys) { object.member(name.rawValue, key) }
                            row.sums.write(into: &object, economics: economics)
                        }
                    }
                })
            object.member("totals", object: { totals.write(into: &$0, economics: economics) })
            object.member(
                "failed_attempts",
                array: { list in
                    for failure in failureCounts {
                        list.object { object in
                            object.member("model", failure.model)
                            object.member("reason", failure.reason)
                            object.member("count", failure.count)
                        }
                    }
                })
            if let quality { object.member("quality", object: { quality.write(into: &$0) }) }
            series?.write(into: &object, economics: economics)
            live?.write(into: &object)
        }
        return writer.bytes
    }
}

extension DashboardSums {
    func write(into object: inout JSONWriter, economics: Economics) {
        object.member("calls", calls)
        object.member("failures", failures)
        object.member("uncertain", uncertain)
        object.member(
            "tokens",
            object: { tokens in
                for unit in UsageClass.allCases where unit != .request { tokens.member(unit.rawValue, usage[unit]) }
            })
        object.member("cost_usd", raw: cost.total.description.utf8)
        object.member("api_cost_usd", raw: cost.api.description.utf8)
        object.member("energy_cost_usd", raw: cost.energy.description.utf8)
        object.member("hardware_cost_usd", raw: cost.hardware.description.utf8)
        object.member("predicted_cost_usd", raw: predictedCost.total.description.utf8)
        object.member("baseline_cost_usd", raw: baselineCost.description.utf8)
        object.member("savings_usd", raw: savings.description.utf8)
        object.member("energy_j", energyJoules)
        object.member("predicted_energy_j", Double(predictedEnergyMicrojoules) / 1e6)
        object.member("baseline_energy_j", Double(baselineEnergyMicrojoules) / 1e6)
        object.member("co2e_g", energyJoules / 3.6e6 * economics.gramsCO2ePerKWh)
        object.member("latency_s_mean", latency.meanSeconds)
        object.member("latency_s_p50", latency.quantileSeconds(0.5))
        object.member("latency_s_p95", latency.quantileSeconds(0.95))
        object.member(
            "predicted_latency_s_mean", calls == 0 ? nil : Double(predictedLatencyMicroseconds) / 1e6 / Double(calls))
        object.member("first_token_s_mean", firstTokenSecondsMean)
        object.member("cache_hit_share", cacheHitShare)
    }
}

extension DashboardQuery {
    /// Parses a query from URL parameters or command line options.
    ///
    /// - Parameters:
    ///   - from: a day, a moment or seconds since 1970; nil for the last 30 days.
    ///   - to: the same, exclusive; nil for now.
    ///   - groupBy: dimensions, separated by commas; nil for `model`.
    ///   - range: `hour`, `day`, `week`, `month`, `quarter` or `year` before the end, instead of `from`.
    package init(
        from: String?, to: String?, groupBy: String?, range: String? = nil, now: Timestamp
    ) throws(FieldError) {
        let end = try Self.moment(to, field: "to") ?? now.advanced(bySeconds: 1)
        let length = try range.map { (name) throws(FieldError) -> Double in
            guard let days = Self.ranges.first(where: { $0.name == name })?.days else {
                let names = Self.ranges.map(\.name).joined(separator: ", ")
                throw FieldError("range", "must be one of \(names)")
            }
            return days
        }
        if from != nil, range != nil { throw FieldError("range", "cannot be given together with `from`") }
        let start = try Self.moment(from, field: "from") ?? end.advanced(bySeconds: -(length ?? 30) * 86_400)
        guard start < end else { throw FieldError("from", "must be before `to`") }
        var dimensions: [Dimension] = []
        for name in (groupBy ?? "model").split(separator: ",") {
            guard let dimension = Dimension(rawValue: String(name)) else {
                let known = Dimension.allCases.map(\.rawValue)
                let hint =
                    Spelling.closest(to: String(name), among: known).map { "did you mean '\($0)'?" }
                    ?? "use one of \(known.joined(separator: ", "))"
                throw FieldError("group_by", "'\(name)' is not known; \(hint)")
            }
            if !dimensions.contains(dimension) { dimensions.append(dimension) }
        }
        self.init(from: start, to: end, groupBy: dimensions)
    }

    private static let ranges: [(name: String, days: Double)] = [
        ("hour", 1.0 / 24), ("day", 1), ("week", 7), ("month", 30), ("quarter", 91), ("year", 365),
    ]

    /// A day, a moment or seconds since 1970, as parameters give it; nil for none.
    static func moment(_ text: String?, field: String) throws(FieldError) -> Timestamp? {
        guard let text else { return nil }
        guard let moment = Timestamp(text) else {
            throw FieldError(
                field, "'\(text)' is no moment: write 2026-11-21, 2026-11-21T17:00:00Z or seconds since 1970")
        }
        return moment
    }
}
