import Domain

extension LedgerTransaction {
    /// Sums the entries of a time by some dimensions.
    package mutating func dashboard(_ query: DashboardQuery) throws(LedgerError) -> DashboardReport {
        guard query.from <= query.to else {
            throw .invalid("a dashboard from \(query.from) to \(query.to): the end lies before the start")
        }
        var groups: [[String]: EntrySums] = [:]
        for piece in DashboardPiece.cover(query, rolled: try rolledAndLast().rolled) {
            try read(piece, query) { keys, sums in
                if groups[keys]?.add(sums) == nil { groups[keys] = sums }
            }
        }
        let failures = try failures(query)
        for (keys, count) in failures.unbooked { groups[keys, default: EntrySums()].addFailures(count) }
        var totals = EntrySums()
        for sums in groups.values { totals.add(sums) }
        let rows = Self.byTag(groups, query.groupBy).map {
            DashboardRow(keys: $0, sums: DashboardSums($1))
        }.sorted { left, right in
            let (dearer, cheaper) = (left.sums.cost.total, right.sums.cost.total)
            return dearer == cheaper ? left.keys.lexicographicallyPrecedes(right.keys) : dearer > cheaper
        }
        return DashboardReport(
            query: query, rows: rows, totals: DashboardSums(totals), failureCounts: failures.counts)
    }

    /// Groups by single tags in place of the sets that calls have.
    private static func byTag(_ groups: [[String]: EntrySums], _ dimensions: [Dimension]) -> [[String]: EntrySums] {
        guard let place = dimensions.firstIndex(of: .tag) else { return groups }
        var split: [[String]: EntrySums] = [:]
        for (keys, sums) in groups {
            for tag in keys[place].isEmpty ? [""] : CallLabels.tags(in: keys[place]) {
                var keys = keys
                keys[place] = tag
                if split[keys]?.add(sums) == nil { split[keys] = sums }
            }
        }
        return split
    }

    /// Reads the sums of a piece by group, then the latencies row by row, since SQL cannot merge histograms.
    private mutating func read(
        _ piece: DashboardPiece, _ query: DashboardQuery, _ add: ([String], EntrySums) -> Void
    ) throws(LedgerError) {
        guard let (condition, arguments) = try condition(piece, query.filters) else { return }
        let keys = query.groupBy.map { piece.expression(of: $0) }
        let grouping = keys.isEmpty ? "" : " GROUP BY " + keys.indices.map { String($0 + 1) }.joined(separator: ", ")
        let sums = SumColumn.allCases.map { "CAST(COALESCE(SUM(\(piece.expression(of: $0))), 0) AS BIGINT)" }
        for row in try connection.rows(
            "SELECT \((keys + sums).joined(separator: ", ")) FROM \(piece.table) WHERE \(condition)\(grouping)",
            arguments)
        {
            var read = EntrySums()
            for index in read.values.indices { read.values[index] = row.integer(keys.count + index) }
            // Without groups there is a row even without entries.
            if read.values.allSatisfy({ $0 == 0 }) { continue }
            add(try labels(of: row, query.groupBy), read)
        }
        var latencies: [[SQLValue]: LatencyHistogram] = [:]
        try connection.forEachRow(
            "SELECT \((keys + [piece.latency]).joined(separator: ", ")) FROM \(piece.table) "
                + "WHERE \(condition)\(piece.latencyCondition)", arguments
        ) { (row) throws(LedgerError) in
            let group = Array(row.values.prefix(keys.count))
            switch row[keys.count] {
            case .integer(let microseconds):
                latencies[group, default: LatencyHistogram()].record(microseconds: microseconds)
            case .blob(let bytes):
                guard let histogram = LatencyHistogram(bytes: bytes, sumMicroseconds: 0) else {
                    throw .database("a roll-up's latencies cannot be read; run `hera ledger verify`")
                }
                latencies[group, default: LatencyHistogram()].merge(histogram)
            case .null, .text, .array, .rows: break
            }
        }
        for (group, histogram) in latencies where histogram.count > 0 {
            var read = EntrySums()
            read.latency = histogram
            add(try labels(of: SQLRow(values: group), query.groupBy), read)
        }
    }

    mutating func labels(of row: SQLRow, _ dimensions: [Dimension]) throws(LedgerError) -> [String] {
        var labels: [String] = []
        for (index, dimension) in dimensions.enumerated() {
            let number = row.integer(index)
            switch dimension {
            case .hour: labels.append(String(Timestamp(milliseconds: number * 3_600_000).description.prefix(13)))
            case .day: labels.append(CalendarDay(daysSinceEpoch: Int(number)).description)
            case .month: labels.append(String(CalendarDay(daysSinceEpoch: Int(number)).description.prefix(7)))
            default: labels.append(number == 0 ? "" : try label(.integer(number)) ?? "")
            }
        }
        return labels
    }

    /// The condition of a query on a piece; nil if a filter names something that was never booked.
    private mutating func condition(
        _ piece: DashboardPiece, _ filters: [Dimension: String]
    ) throws(LedgerError) -> (String, [SQLValue])? {
        var (condition, arguments) = piece.range
        for (dimension, value) in filters.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            guard dimension.column != nil else {
                throw .invalid("a filter by \(dimension.rawValue); choose the time by from and to")
            }
            let isOneTag = dimension == .tag && !value.isEmpty
            condition += " AND \(isOneTag ? LabelColumns.hasTag : "\(piece.expression(of: dimension)) = ?")"
            if value.isEmpty {
                arguments.append(.integer(0))
            } else {
                guard let id = try names.existingID(value, on: connection) else { return nil }
                arguments.append(.integer(id))
            }
        }
        return (condition, arguments)
    }
}

extension DashboardSums {
    init(_ sums: EntrySums) {
        self.init()
        calls = sums[.calls]
        failures = sums[.failures]
        uncertain = sums[.uncertain]
        usage = Usage(
            input: Int(sums[.input]), cachedRead: Int(sums[.cachedRead]), cacheWrite5m: Int(sums[.cacheWrite5m]),
            cacheWrite1h: Int(sums[.cacheWrite1h]), output: Int(sums[.output]), reasoning: Int(sums[.reasoning]),
            audioInput: Int(sums[.audioInput]), audioOutput: Int(sums[.audioOutput]), requests: Int(sums[.requests]))
        cost = CallCost(
            api: Money(nanoUSD: sums[.api]), energy: Money(nanoUSD: sums[.energyCost]),
            hardware: Money(nanoUSD: sums[.hardware]))
        predictedCost = CallCost(
            api: Money(nanoUSD: sums[.predictedAPI]), energy: Money(nanoUSD: sums[.predictedEnergyCost]),
            hardware: Money(nanoUSD: sums[.predictedHardware]))
        baselineCost = Money(nanoUSD: sums[.baselineCost])
        comparableCost = Money(nanoUSD: sums[.comparableCost])
        energyMicrojoules = sums[.energy]
        predictedEnergyMicrojoules = sums[.predictedEnergy]
        baselineEnergyMicrojoules = sums[.baselineEnergy]
        predictedLatencyMicroseconds = sums[.predictedLatency]
        firstTokenMicroseconds = sums[.firstToken]
        firstTokenCount = sums[.firstTokenCount]
        latency = LatencyHistogram(counts: sums.latency, sumMicroseconds: sums[.latency])
    }
}
