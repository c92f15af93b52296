import Domain

/// A limit by the minute as a bucket that fills evenly and holds one minute's worth. Pure.
struct RateBucket: Hashable, Sendable {
    let perMinute: Double
    private var level: Double
    private var asOf: Timestamp

    init(perMinute: Int, at now: Timestamp) {
        self.perMinute = Double(perMinute)
        level = self.perMinute
        asOf = now
    }

    /// Seconds until an amount may be taken; 0 where it may be taken now. More than a minute's worth needs a full bucket.
    func wait(for amount: Double, at now: Timestamp) -> Double {
        let lacking = min(amount, perMinute) - filled(at: now)
        return lacking > 0 ? lacking * 60 / perMinute : 0
    }

    /// Takes an amount, below zero if need be.
    mutating func take(_ amount: Double, at now: Timestamp) {
        level = filled(at: now) - amount
        asOf = max(asOf, now)
    }

    /// Gives back what was taken and not used.
    mutating func give(_ amount: Double, at now: Timestamp) {
        level = min(perMinute, filled(at: now) + amount)
        asOf = max(asOf, now)
    }

    private func filled(at now: Timestamp) -> Double {
        min(perMinute, level + max(0, now.seconds - asOf.seconds) * perMinute / 60)
    }
}
