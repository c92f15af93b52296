package import Domain

/// The threshold of a run's steps: the policy's line, moved by the quality controller and bent by the plan's shadow
/// prices.
package struct Kappa: Hashable, Sendable {
    package var rule: KappaRule
    /// The addend from the quality controller; 0 without one.
    package var offset: Double
    package var bend: KappaBend

    package init(_ rule: KappaRule, offset: Double = 0, bend: KappaBend = .none) {
        self.rule = rule
        self.offset = offset
        self.bend = bend
    }

    /// The threshold at a position; positions count from 1.
    package func at(_ position: Int) -> Double {
        let moved = min(max(rule.kappa(at: position) + (offset.isFinite ? offset : 0), rule.floor), rule.cap)
        return rule.bends ? bend.bent(moved, at: position, rule: rule) : moved
    }

    /// The threshold of a step within the look-ahead from a position.
    package func at(_ position: Int, ahead steps: Int) -> Double {
        at(rule.ahead == .grows ? position + steps : position)
    }
}

/// How the plan's budget bends kappa (docs/internals/deep/kappa.md).
///
/// With money's shadow price pi > 0: kappa - s (kappa - floor), s = pi / (1 + pi). With spare money: kappa + t l u (cap
/// - kappa), l = min(i, 5) / 5. Both are monotone in each of their arguments and never leave [floor, cap].
package struct KappaBend: Hashable, Sendable {
    /// Shadow price of money in the plan's weights: the budget's addend to the normalised weight of cost. 0 if it does
    /// not bind.
    package var moneyPrice: Double
    /// Share of the remaining budget that the plan does not need, 0...1.
    package var spare: Double
    /// Probability that the plan's cheaper choice fails this step, 0...1.
    package var risk: Double

    package static let none = KappaBend(moneyPrice: 0, spare: 0, risk: 0)

    package init(moneyPrice: Double, spare: Double, risk: Double) {
        self.moneyPrice = moneyPrice
        self.spare = spare
        self.risk = risk
    }

    func bent(_ kappa: Double, at position: Int, rule: KappaRule) -> Double {
        if moneyPrice > 0 {
            let scarcity = moneyPrice.isFinite ? moneyPrice / (1 + moneyPrice) : 1
            return kappa - scarcity * (kappa - rule.floor)
        }
        let late = Double(min(max(position, 0), KappaRule.lastRisingPosition)) / Double(KappaRule.lastRisingPosition)
        let share = late * Self.unit(spare) * Self.unit(risk)
        return kappa + share * (rule.cap - kappa)
    }

    /// Clamps to 0...1; NaN counts as 0.
    private static func unit(_ value: Double) -> Double { value.isNaN ? 0 : min(max(value, 0), 1) }
}
