/// The position-aware threshold of HERA: late steps must be more similar to the reference's than early ones.
///
/// kappa_i = base + min(i, 5) * slope, kept within [floor, cap]. Source: HERA, arXiv 2504.00434, and AIMS
/// (EuroSys '26): base 0.6, slope 0.02, so 0.62 at the first step and 0.70 from the fifth.
package struct KappaRule: Hashable, Sendable {
    package var base: Double
    package var slope: Double
    /// Upper bound of kappa.
    package var cap: Double
    /// Lower bound of kappa, also when a scarce budget bends it.
    package var floor: Double
    /// The threshold of steps that are only looked ahead to.
    package var ahead: AheadKappa
    /// Whether a scarce budget lowers kappa and a spare one raises it, within the bounds.
    package var bends: Bool

    /// Positions beyond this one do not raise the threshold.
    package static let lastRisingPosition = 5

    /// The published line; the bounds are the ends of the paper's own sweep of the threshold (.60 to .80).
    package static let standard = KappaRule(base: 0.6, slope: 0.02, cap: 0.8, floor: 0.6)

    package init(
        base: Double, slope: Double, cap: Double, floor: Double, ahead: AheadKappa = .grows, bends: Bool = true
    ) {
        self.base = base
        self.slope = slope
        self.cap = cap
        self.floor = floor
        self.ahead = ahead
        self.bends = bends
    }

    /// The threshold of a step; positions count from 1.
    package func kappa(at position: Int) -> Double {
        let rising = base + Double(min(max(position, 0), Self.lastRisingPosition)) * slope
        return min(max(rising, floor), cap)
    }
}

/// Whether the threshold rises along a look-ahead.
package enum AheadKappa: String, CaseIterable, Hashable, Sendable {
    /// The step k ahead has the threshold of its own position, kappa_(i+k).
    case grows
    /// Every step ahead has the present step's, kappa_i.
    case fixed
}
