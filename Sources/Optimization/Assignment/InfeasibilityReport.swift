import Domain

/// Why a program has no plan: what would have to give, and by how much (elastic rows).
package struct InfeasibilityReport: Sendable, CustomStringConvertible {
    /// One limit that has to move: alone, or together with the others of its `joint` list.
    package struct Relaxation: Sendable, Hashable, CustomStringConvertible {
        package var limit: LimitName
        /// The value asked for, in the limit's unit.
        package var asked: Double
        /// The nearest value that has a plan.
        package var nearest: Double

        package init(limit: LimitName, asked: Double, nearest: Double) {
            self.limit = limit
            self.asked = asked
            self.nearest = nearest
        }

        /// How far the limit has to move, at least 0, in its unit.
        package var amount: Double { abs(nearest - asked) }

        package var description: String {
            switch limit {
            case .noCandidate:
                "no model can serve \(limit): allow one more model or drop a placement rule"
            case .budget:
                "raise the budget from \(Self.dollars(asked)) to \(Self.dollars(nearest))"
                    + " (+\(Self.dollars(amount)))"
            case .deadline, .energyCap, .other:
                "raise \(limit) from \(Figure.text(asked)) \(limit.unit) to \(Figure.text(nearest, .up)) \(limit.unit)"
                    + " (+\(Figure.text(amount, .up)) \(limit.unit))"
            case .accuracyFloors:
                "lower every accuracy floor by \(Figure.text(amount, .up))"
            case .slots:
                "raise \(limit) from \(Int(asked)) to \(Int(nearest))"
            case .meanAccuracy, .accuracyFloor:
                "lower \(limit) from \(Figure.text(asked)) to \(Figure.text(nearest, .down))"
                    + " (-\(Figure.text(amount, .up)))"
            }
        }

        /// Exact, and never a hair too little.
        private static func dollars(_ nanoUSD: Double) -> String {
            "$\(Money(nearestNanoUSD: nanoUSD.rounded(.up)))"
        }
    }

    /// Each of these alone makes the program feasible; smallest relative change first.
    package var alone: [Relaxation]
    /// Where no single limit suffices: moving all of these together does.
    package var joint: [Relaxation]
    /// Whether the amounts are proven to be the smallest; otherwise they suffice but may be more than needed.
    package var proven: Bool

    package init(alone: [Relaxation], joint: [Relaxation], proven: Bool) {
        self.alone = alone
        self.joint = joint
        self.proven = proven
    }

    /// The limits that bind, most promising first.
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
