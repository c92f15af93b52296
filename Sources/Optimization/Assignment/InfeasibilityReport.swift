import Domain

/// Why a program has no plan: which limits would have to move, and by how much (elastic rows).
package struct InfeasibilityReport: Sendable, CustomStringConvertible {
    /// One limit that has to move: alone, or together with the others of its `joint` list.
    package struct Relaxation: Sendable, Hashable, CustomStringConvertible {
        package var limit: LimitName
        /// The requested value, in the limit's unit.
        package var requested: Double
        /// The nearest value that has a plan.
        package var nearest: Double

        package init(limit: LimitName, requested: Double, nearest: Double) {
            self.limit = limit
            self.requested = requested
            self.nearest = nearest
        }

        /// The least move of the limit, at least 0, in its unit.
        package var amount: Double { abs(nearest - requested) }

        package var description: String {
            switch limit {
            case .noCandidate:
                "no model can serve \(limit): allow one more model or drop a placement rule"
            case .budget:
                "raise the budget from \(Self.dollars(requested)) to \(Self.dollars(nearest))"
                    + " (+\(Self.dollars(amount)))"
            case .deadline, .energyCap, .other:
                "raise \(limit) from \(ThreeDigits.text(requested)) \(limit.unit) to \(ThreeDigits.text(nearest, .up)) \(limit.unit)"
                    + " (+\(ThreeDigits.text(amount, .up)) \(limit.unit))"
            case .accuracyFloors:
                "lower every accuracy floor by \(ThreeDigits.text(amount, .up))"
            case .slots:
                "raise \(limit) from \(Int(requested)) to \(Int(nearest))"
            case .meanAccuracy, .accuracyFloor:
                "lower \(limit) from \(ThreeDigits.text(requested)) to \(ThreeDigits.text(nearest, .down))"
                    + " (-\(ThreeDigits.text(amount, .up)))"
            }
        }

        /// Exact, rounded up so that the amount always suffices.
        private static func dollars(_ nanoUSD: Double) -> String {
            "$\(Money(nearestNanoUSD: nanoUSD.rounded(.up)))"
        }
    }

    /// Each of these alone makes the program feasible; smallest relative change first.
    package var alone: [Relaxation]
    /// If no single limit suffices: moving all of these together does.
    package var joint: [Relaxation]
    /// Whether the amounts are proven minimal. Otherwise they suffice but may be larger than needed.
    package var proven: Bool

    /// The binding limits, most promising first.
    package var binding: [LimitName] { (alone.isEmpty ? joint : alone).map(\.limit) }

    package var description: String {
        if !alone.isEmpty {
            return "no plan keeps every limit; any one of these is enough: "
                + alone.map(\.description).joined(separator: "; or ")
        }
        if !joint.isEmpty {
            return "no plan keeps every limit; these together are enough: "
                + joint.map(\.description).joined(separator: "; and ")
        }
        return "no plan keeps every limit"
    }
}

/// Formats numbers in messages with three significant digits.
enum ThreeDigits {
    /// Rounds to nearest, up or down, so that "raise it to ..." always suffices.
    static func text(_ value: Double, _ rule: FloatingPointRoundingRule = .toNearestOrAwayFromZero) -> String {
        guard value != 0, value.isFinite else { return value == 0 ? "0" : "\(value)" }
        var scale = 1.0
        while abs(value) * scale < 100, scale < 1e15 { scale *= 10 }
        // A sum that misses a round number only by rounding error is that number.
        let scaled = value * scale
        let near = scaled.rounded()
        let rounded = (abs(scaled - near) < 1e-6 * abs(near) ? near : scaled.rounded(rule)) / scale
        return rounded == rounded.rounded() && abs(rounded) < 1e15 ? "\(Int(rounded))" : "\(rounded)"
    }
}
