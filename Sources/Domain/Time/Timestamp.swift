#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A point in time, in milliseconds since 1970-01-01 UTC.
package struct Timestamp: Hashable, Comparable, Sendable {
    package let milliseconds: Int64

    package init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// The present time of the wall clock.
    package static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    /// The first and the last millisecond of the years that dates can be written with, 1 to 9999.
    private static let years: ClosedRange<Int64> = -62_135_596_800_000...253_402_300_799_999

    /// Parses `2026-11-21`, `2026-11-21T17:44:35Z` (fractions of a second allowed) or seconds since 1970. Nil
    /// otherwise, and outside the years 1 to 9999.
    package init?(_ text: String) {
        if let seconds = Int64(text) {
            let (milliseconds, overflow) = seconds.multipliedReportingOverflow(by: 1000)
            guard !overflow, Self.years.contains(milliseconds) else { return nil }
            self.init(milliseconds: milliseconds)
            return
        }
        guard let day = CalendarDay(String(text.prefix(10))) else { return nil }
        var milliseconds = Int64(day.daysSinceEpoch) * 86_400_000
        var rest = text.dropFirst(10)
        if !rest.isEmpty {
            guard rest.removeFirst() == "T", rest.last == "Z" else { return nil }
            let parts = rest.dropLast().split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 3, let hour = Int64(parts[0]), let minute = Int64(parts[1]),
                let second = Double(parts[2]), (0..<24).contains(hour), (0..<60).contains(minute), second >= 0,
                second < 61
            else { return nil }
            milliseconds += hour * 3_600_000 + minute * 60_000 + Int64((second * 1000).rounded())
        }
        self.init(milliseconds: milliseconds)
    }

    package var seconds: Double { Double(milliseconds) / 1000 }

    /// The UTC day.
    package var day: CalendarDay {
        CalendarDay(daysSinceEpoch: Int((Double(milliseconds) / 86_400_000).rounded(.down)))
    }

    /// The time that many seconds later, clamped to the years 1 to 9999.
    package func advanced(bySeconds seconds: Double) -> Timestamp {
        let moment = Double(milliseconds) + (seconds * 1000).rounded()
        let bounded = min(max(moment, Double(Self.years.lowerBound)), Double(Self.years.upperBound))
        return Timestamp(milliseconds: Int64(bounded))
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }
}

extension Timestamp: CustomStringConvertible {
    /// ISO 8601 with milliseconds, UTC: `2026-11-21T17:44:35.120Z`.
    package var description: String {
        let day = day
        let rest = Int(milliseconds - Int64(day.daysSinceEpoch) * 86_400_000)
        let padded = CalendarDay.padded
        return
            "\(day)T\(padded(rest / 3_600_000, 2)):\(padded(rest / 60_000 % 60, 2)):\(padded(rest / 1000 % 60, 2)).\(padded(rest % 1000, 3))Z"
    }
}
