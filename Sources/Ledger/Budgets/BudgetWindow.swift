package import Domain

/// The span of time that a budget is for. Days, weeks and months are those of UTC; weeks begin on Monday.
package enum BudgetWindow: Hashable, Sendable {
    /// No end: the budget never renews.
    case none
    case day
    case week
    case month
    /// The last seconds.
    case rolling(seconds: Int64)
}

extension BudgetWindow {
    private static let dayMilliseconds: Int64 = 86_400_000

    /// A rolling window counts spans of a sixtieth of its length (not below a second). The oldest span counts as a
    /// whole, so that the budget may refuse up to a sixtieth too early, and never too late.
    package var bucketMilliseconds: Int64? {
        guard case .rolling(let seconds) = self else { return nil }
        return max(seconds * 1000 / 60, 1000)
    }

    /// The start, in milliseconds since 1970, of the window (for a rolling one, of the bucket) that holds a moment.
    package func start(of moment: Timestamp) -> Int64 {
        let milliseconds = moment.milliseconds
        switch self {
        case .none: return 0
        case .day: return milliseconds.floored(to: Self.dayMilliseconds)
        case .week:
            // 1970-01-01 was a Thursday, so Mondays lie three days before multiples of a week.
            let shift = 3 * Self.dayMilliseconds
            return (milliseconds + shift).floored(to: 7 * Self.dayMilliseconds) - shift
        case .month:
            let day = moment.day
            return milliseconds.floored(to: Self.dayMilliseconds) - Int64(day.day - 1) * Self.dayMilliseconds
        case .rolling: return milliseconds.floored(to: bucketMilliseconds ?? 1000)
        }
    }

    /// Buckets that start at or after this count at a moment. For windows other than rolling, the window's own start.
    package func firstCounted(at moment: Timestamp) -> Int64 {
        guard case .rolling(let seconds) = self, let bucket = bucketMilliseconds else { return start(of: moment) }
        // A bucket counts as long as any moment in it is younger than the window.
        return (moment.milliseconds - seconds * 1000 + 1).floored(to: bucket)
    }

    /// The moment of renewal; nil for none and rolling windows.
    package func end(of moment: Timestamp) -> Timestamp? {
        let start = start(of: moment)
        switch self {
        case .none, .rolling: return nil
        case .day: return Timestamp(milliseconds: start + Self.dayMilliseconds)
        case .week: return Timestamp(milliseconds: start + 7 * Self.dayMilliseconds)
        case .month:
            // The first day of the next month is at most 31 days on, and 32 days on lies within it.
            let next = Timestamp(milliseconds: start + 32 * Self.dayMilliseconds)
            return Timestamp(milliseconds: BudgetWindow.month.start(of: next))
        }
    }
}

extension BudgetWindow: CustomStringConvertible {
    /// `none`, `day`, `week`, `month`, or `rolling:3600` with seconds.
    package var description: String {
        switch self {
        case .none: "none"
        case .day: "day"
        case .week: "week"
        case .month: "month"
        case .rolling(let seconds): "rolling:\(seconds)"
        }
    }

    /// Reads what `description` writes; nil for anything else.
    package init?(_ text: String) {
        switch text {
        case "none": self = .none
        case "day": self = .day
        case "week": self = .week
        case "month": self = .month
        default:
            guard text.hasPrefix("rolling:"), let seconds = Int64(text.dropFirst(8)), (1...3_200_000_000) ~= seconds
            else { return nil }
            self = .rolling(seconds: seconds)
        }
    }
}

extension Int64 {
    /// The greatest multiple of `step` that is not above this number.
    func floored(to step: Int64) -> Int64 {
        let rest = self % step
        return self - (rest < 0 ? rest + step : rest)
    }
}
