package import Domain

/// What a provider asks for a call, by its usage and the price of its date; nil where no such price is known.
package typealias EntryPricing = @Sendable (LedgerEntry) -> Money?

/// What recomputing every total from the entries and the open reservations found.
package struct VerificationReport: Hashable, Sendable {
    package let entries: Int64
    package let budgetTotals: Int
    package let rollups: Int
    /// Calls that were priced anew; nil where no prices were given.
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

/// A figure that is kept and does not equal what the entries say.
package struct LedgerDifference: Hashable, Sendable, CustomStringConvertible {
    /// What the figure is: `budget key:k1 usd month 2026-11-01T00:00:00.000Z spent`.
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
