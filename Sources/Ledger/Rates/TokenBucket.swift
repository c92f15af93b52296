package import Domain

/// So many per minute, with as many at once: a token bucket in exact integers, without a clock of its own.
///
/// One unit of the bucket is a sixty-thousandth of what is counted, so that a limit of N per minute refills N units per
/// millisecond.
package struct TokenBucket: Hashable, Sendable {
    private static let unitsPerToken: Int64 = 60_000
    private static let minuteMilliseconds: Int64 = 60_000
    /// Above this a minute's units would leave 64 bits.
    private static let mostPerMinute: Int64 = 1_000_000_000_000

    package let perMinute: Int64
    /// Units left; below zero after a single demand that was greater than the whole bucket.
    private var level: Int64
    private var filledAt: Timestamp

    /// A full bucket.
    package init(perMinute: Int, at moment: Timestamp) {
        self.perMinute = min(max(Int64(perMinute), 0), Self.mostPerMinute)
        level = self.perMinute * Self.unitsPerToken
        filledAt = moment
    }

    private var capacity: Int64 { perMinute * Self.unitsPerToken }

    /// Fills up by the time that has passed. A clock that went back fills nothing, and counts from where it is now.
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

    /// Milliseconds until a number could be taken; zero where it can be at once, nil where it never can.
    ///
    /// More than the whole bucket is given out when it is full, and leaves a debt.
    package mutating func wait(for count: Int, at moment: Timestamp) -> Int64? {
        fill(at: moment)
        let missing = min(Self.units(count), capacity) - level
        if missing <= 0 { return 0 }
        guard perMinute > 0 else { return nil }
        return (missing + perMinute - 1) / perMinute
    }

    /// Takes a number, whether it is there or not: `wait` says so before.
    package mutating func take(_ count: Int, at moment: Timestamp) {
        fill(at: moment)
        let (rest, overflow) = level.subtractingReportingOverflow(Self.units(count))
        level = overflow ? .min / 2 : rest
    }

    /// Takes a number that was used elsewhere at a moment that this bucket may have passed already: time never goes back
    /// for it, or it would fill twice.
    package mutating func take(_ count: Int, usedAt moment: Timestamp) {
        take(count, at: max(moment, filledAt))
    }

    /// Gives back what was taken and not used.
    package mutating func giveBack(_ count: Int) {
        let (sum, overflow) = level.addingReportingOverflow(Self.units(count))
        level = overflow ? capacity : min(sum, capacity)
    }

    /// How many are gone at a moment; more than the whole bucket where there is a debt.
    package mutating func missing(at moment: Timestamp) -> Int {
        fill(at: moment)
        let (gone, overflow) = capacity.subtractingReportingOverflow(level)
        return overflow ? .max / 2 : Int((gone + Self.unitsPerToken - 1) / Self.unitsPerToken)
    }

    private static func units(_ count: Int) -> Int64 {
        min(max(Int64(count), 0), mostPerMinute) * unitsPerToken
    }
}
