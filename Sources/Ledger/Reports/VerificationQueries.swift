package import Domain

/// Prices a call by its usage and the price of its date; nil without such a price.
package typealias EntryPricing = @Sendable (LedgerEntry) -> Money?

/// The differences between stored totals and those recomputed from entries and open reservations.
package struct VerificationReport: Hashable, Sendable {
    package let entries: Int64
    package let budgetTotals: Int
    package let rollups: Int
    /// Repriced calls; nil without prices.
    package let repriced: Int64?
    /// Empty for a sound ledger.
    package let differences: [LedgerDifference]

    package init(
        entries: Int64, budgetTotals: Int, rollups: Int, repriced: Int64? = nil, differences: [LedgerDifference]
    ) {
        self.entries = entries
        self.budgetTotals = budgetTotals
        self.rollups = rollups
        self.repriced = repriced
        self.differences = differences
    }

    package var isSound: Bool { differences.isEmpty }
}

/// A stored figure that differs from the recomputed one.
package struct LedgerDifference: Hashable, Sendable, CustomStringConvertible {
    /// The figure: `budget key:k1 usd month 2026-11-01T00:00:00.000Z spent`.
    package let figure: String
    package let kept: String
    package let recomputed: String

    package init(figure: String, kept: String, recomputed: String) {
        self.figure = figure
        self.kept = kept
        self.recomputed = recomputed
    }

    package var description: String { "\(figure): kept \(kept), the entries say \(recomputed)" }
}

extension LedgerTransaction {
    /// Recomputes every total from the entries and the open reservations.
    ///
    /// - Parameter prices: reprices every call by its usage, where the price of its date is known.
    package mutating func verify(prices: EntryPricing? = nil) throws(LedgerError) -> VerificationReport {
        var differences: [LedgerDifference] = []
        let repriced = try prices.map { (pricing) throws(LedgerError) in try reprice(pricing, &differences) }
        let budgetTotals = try verifyBudgets(&differences)
        let rollups = try verifyRollups(&differences)
        let entries = try connection.row("SELECT COUNT(*) FROM entry")?.integer(0) ?? 0
        return VerificationReport(
            entries: entries, budgetTotals: budgetTotals, rollups: rollups, repriced: repriced,
            differences: differences)
    }

    private static let mostMispriced = 1000
    private static let repricedTogether = 500

    /// Reprices each call by its usage; returns how many had a price. Reports a bounded number of differences.
    private mutating func reprice(
        _ pricing: EntryPricing, _ differences: inout [LedgerDifference]
    ) throws(LedgerError) -> Int64 {
        var priced: Int64 = 0
        var last: Int64 = 0
        while true {
            // In pieces, since a ledger may exceed the memory.
            let piece = try entries(
                where: "sequence > ? AND kind IN (SELECT id FROM name WHERE label IN ('call', 'shadow'))",
                [.integer(last)], limit: Self.repricedTogether)
            guard let end = piece.last?.sequence else { return priced }
            last = end
            for (_, entry) in piece {
                guard let api = pricing(entry) else { continue }
                priced += 1
                let booked = entry.result.figures.cost.api
                guard api != booked, differences.count < Self.mostMispriced else { continue }
                differences.append(
                    LedgerDifference(
                        figure: "cost of entry \(entry.id) (\(entry.call.model), \(entry.chargedAt))",
                        kept: "\(booked) USD", recomputed: "\(api) USD by its price"))
            }
        }
    }

    private mutating func verifyBudgets(_ differences: inout [LedgerDifference]) throws(LedgerError) -> Int {
        var checked = 0
        for line in try allBudgetLines() {
            var kept: [Int64: BudgetTotal] = [:]
            for row in try connection.rows(
                "SELECT start, spent, reserved FROM budget_total WHERE budget = ?", [.integer(line.id)])
            {
                kept[row.integer(0)] = BudgetTotal(spent: row.integer(1), reserved: row.integer(2))
            }
            let recomputed = try recomputedTotals(of: line)
            for start in Set(kept.keys).union(recomputed.keys).sorted() {
                checked += 1
                let (was, now) = (kept[start] ?? .zero, recomputed[start] ?? .zero)
                if was == now { continue }
                let budget = line.budget
                let when = Timestamp(milliseconds: start)
                differences.append(
                    LedgerDifference(
                        figure: "budget \(budget.scope) \(line.unit.rawValue) \(budget.window) from \(when)",
                        kept: "spent \(was.spent), reserved \(was.reserved)",
                        recomputed: "spent \(now.spent), reserved \(now.reserved)"))
            }
        }
        return checked
    }

    private mutating func verifyRollups(_ differences: inout [LedgerDifference]) throws(LedgerError) -> Int {
        var checked = 0
        let (rolled, last) = try rolledAndLast()
        if rolled > last {
            differences.append(
                LedgerDifference(
                    figure: "the last entry in the roll-ups", kept: "number \(rolled)", recomputed: "number \(last)"))
        }
        for span in [RollupSlot.hourMilliseconds, RollupSlot.dayMilliseconds] {
            let kept = try keptRollups(span: span)
            let recomputed = try entrySums(span: span, where: "sequence <= ?", [.integer(rolled)])
            let slots = Set(kept.keys).union(recomputed.keys)
            checked += slots.count
            let wrong = slots.filter { kept[$0] != recomputed[$0] }
            for slot in wrong.sorted(by: { ($0.hour, "\($0.dimensions)") < ($1.hour, "\($1.dimensions)") }) {
                differences.append(try difference(slot, span: span, kept[slot], recomputed[slot]))
            }
        }
        return checked
    }

    private func keptRollups(span: Int64) throws(LedgerError) -> [RollupSlot: EntrySums] {
        let columns = RollupSlot.columns + SumColumn.allCases.map(\.rawValue) + ["latency"]
        var kept: [RollupSlot: EntrySums] = [:]
        try connection.forEachRow(
            "SELECT start, \(columns.joined(separator: ", ")) FROM rollup_sum WHERE span = ?", [.integer(span)]
        ) { (row) throws(LedgerError) in
            let (slot, sums) = Self.slotAndSums(row)
            var read = sums
            let bytes = row.blob(1 + RollupSlot.columns.count + SumColumn.allCases.count)
            read.latency = LatencyHistogram(bytes: bytes, sumMicroseconds: 0) ?? LatencyHistogram()
            kept[slot] = read
        }
        return kept
    }

    private mutating func difference(
        _ slot: RollupSlot, span: Int64, _ kept: EntrySums?, _ recomputed: EntrySums?
    ) throws(LedgerError) -> LedgerDifference {
        var labels: [String] = []
        for (column, id) in zip(RollupSlot.columns, slot.dimensions) where id != 0 {
            labels.append("\(column) \(try label(.integer(id)) ?? "")")
        }
        let (was, now) = (kept ?? EntrySums(), recomputed ?? EntrySums())
        let columns = SumColumn.allCases.filter { was[$0] != now[$0] }
        let text: (EntrySums) -> String = { sums in
            columns.isEmpty ? "other latencies" : columns.map { "\($0.rawValue) \(sums[$0])" }.joined(separator: ", ")
        }
        let length = span == RollupSlot.dayMilliseconds ? "day" : "hour"
        return LedgerDifference(
            figure: "roll-up of the \(length) \(Timestamp(milliseconds: slot.hour)), \(labels.joined(separator: ", "))",
            kept: text(was), recomputed: text(now))
    }
}
