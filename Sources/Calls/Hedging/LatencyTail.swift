/// The waits of a model's newest calls for their first bytes. Pure.
struct LatencyTail: Hashable, Sendable {
    private var seconds: [Double] = []
    private var next = 0

    private static let size = 128
    /// Fewer calls say nothing of a tail.
    private static let fewest = 20

    mutating func record(_ wait: Double) {
        if seconds.count < Self.size {
            seconds.append(wait)
        } else {
            seconds[next] = wait
            next = (next + 1) % Self.size
        }
    }

    /// The wait that a share of the calls did not pass, seconds; nil after too few calls.
    func quantile(_ share: Double) -> Double? {
        guard seconds.count >= Self.fewest else { return nil }
        let sorted = seconds.sorted()
        return sorted[min(sorted.count - 1, Int((Double(sorted.count) * share).rounded(.down)))]
    }
}

/// How many second requests a model's calls have earned: each call a share of one. Pure.
struct HedgeCredit: Hashable, Sendable {
    private var credit = 0.0

    /// Second requests that may be saved up.
    private static let most = 2.0

    /// Records a call.
    mutating func earn(_ share: Double) { credit = min(Self.most, credit + share) }

    /// Takes a second request; false where none is left.
    mutating func take() -> Bool {
        // Shares are no binary fractions.
        guard credit >= 1 - 1e-9 else { return false }
        credit -= 1
        return true
    }
}
