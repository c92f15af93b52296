package import Domain

/// A token bucket in exact integers: a limit per minute, with the same burst. It has no clock.
///
/// One unit is a sixty-thousandth of a token, so that a limit of N per minute refills N units per millisecond.
package struct TokenBucket: Hashable, Sendable {
    private static let unitsPerToken: Int64 = 60_000
    /// Above this a minute's units would overflow 64 bits.
    private static let mostPerMinute: Int64 = 1_000_000_000_000

    package let perMinute: Int64
    /// Units left; negative after a demand greater than the whole bucket.
    private var level: Int64
    private var filledAt: Timestamp

    /// A full bucket.
    package init(perMinute: Int, at moment: Timestamp) {
        self.perMinute = min(max(Int64(perMinute), 0), Self.mostPerMinute)
        level = self.perMinute * Self.unitsPerToken
        filledAt = moment
    }

    private var capacity: Int64 { perMinute * Self.unitsPerToken }

    /// Refills for the time that has passed. A clock that went back refills nothing and counts from now.
    private mutating func fill(at moment: Timestamp) {
        let passed = moment.milliseconds - filledAt.milliseconds
        if passed > 0 {
            // A debt can be larger than one minute's units.
            let (units, overflow) = passed.multipliedReportingOverflow(by: perMinute)
            let (sum, full) = level.addingReportingOverflow(units)
            level = overflow || full ? capacity : min(sum, capacity)
        }
        filledAt = moment
    }

    /// Milliseconds until a number can be consumed; zero for at once, nil for never.
    ///
    /// A full bucket grants more than it holds, and is left with a debt.
    package mutating func wait(for count: Int, at moment: Timestamp) -> Int64? {
        fill(at: moment)
        let missing = min(Self.units(count), capacity) - level
        if missing <= 0 { return 0 }
        guard perMinute > 0 else { return nil }
        return (missing + perMinute - 1) / perMinute
    }

    /// Consumes a number even where the bucket has less; `wait` checks before.
    package mutating func consume(_ count: Int, at moment: Timestamp) {
        fill(at: moment)
        let (rest, overflow) = level.subtractingReportingOverflow(Self.units(count))
        level = overflow ? .min / 2 : rest
    }

    /// Consumes a number that was used elsewhere, maybe earlier than the bucket's last refill. The bucket's time never
    /// goes back, or it would refill twice.
    package mutating func consume(_ count: Int, usedAt moment: Timestamp) {
        consume(count, at: max(moment, filledAt))
    }

    /// Restores consumed but unused tokens.
    package mutating func restore(_ count: Int) {
        let (sum, overflow) = level.addingReportingOverflow(Self.units(count))
        level = overflow ? capacity : min(sum, capacity)
    }

    /// The number missing at a moment; more than the whole bucket with a debt.
    package mutating func missing(at moment: Timestamp) -> Int {
        fill(at: moment)
        let (gone, overflow) = capacity.subtractingReportingOverflow(level)
        return overflow ? .max / 2 : Int((gone + Self.unitsPerToken - 1) / Self.unitsPerToken)
    }

    private static func units(_ count: Int) -> Int64 {
        min(max(Int64(count), 0), mostPerMinute) * unitsPerToken
    }
}
