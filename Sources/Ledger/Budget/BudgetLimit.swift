package import Domain

/// What a budget counts.
package enum BudgetUnit: String, CaseIterable, Hashable, Sendable {
    /// Everything that a call costs (API, electricity and hardware), counted in nano-USD.
    case usd
    /// Prompt and completion tokens of all classes.
    case tokens
    /// Energy, counted in microjoules.
    case joules

    /// An amount of this unit for people.
    package func text(_ amount: Int64) -> String {
        switch self {
        case .usd: "\(Money(nanoUSD: amount)) USD"
        case .tokens: "\(amount) tokens"
        case .joules: "\(Double(amount) / 1e6) J"
        }
    }
}

/// A number of some unit, as an exact integer.
package struct BudgetLimit: Hashable, Sendable {
    package let unit: BudgetUnit
    /// Nano-USD, tokens or microjoules.
    package let amount: Int64

    package init(unit: BudgetUnit, amount: Int64) {
        self.unit = unit
        self.amount = amount
    }

    package static func usd(_ money: Money) -> BudgetLimit { BudgetLimit(unit: .usd, amount: money.nanoUSD) }

    package static func tokens(_ count: Int64) -> BudgetLimit { BudgetLimit(unit: .tokens, amount: count) }

    /// Rounded to microjoules.
    package static func joules(_ joules: Double) -> BudgetLimit {
        BudgetLimit(unit: .joules, amount: Amounts.microjoules(joules) ?? .max)
    }
}

/// What a call takes from budgets, in all units at once.
package struct Amounts: Hashable, Sendable {
    package var money: Money
    package var tokens: Int64
    package var microjoules: Int64

    package static let zero = Amounts(money: .zero, tokens: 0, microjoules: 0)

    package init(money: Money, tokens: Int64 = 0, microjoules: Int64 = 0) {
        self.money = money
        self.tokens = tokens
        self.microjoules = microjoules
    }

    package subscript(unit: BudgetUnit) -> Int64 {
        switch unit {
        case .usd: money.nanoUSD
        case .tokens: tokens
        case .joules: microjoules
        }
    }

    /// Joules as integer microjoules, half to even, so that sums are exact; nil for what does not fit.
    package static func microjoules(_ joules: Double) -> Int64? {
        Int64(exactly: (joules * 1e6).rounded(.toNearestOrEven))
    }
}
