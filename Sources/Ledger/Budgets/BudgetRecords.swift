package import Domain

/// The effect of a budget without room.
package enum BudgetMode: String, CaseIterable, Hashable, Sendable {
    /// The reservation is refused.
    case hard
    /// The reservation is made and carries a warning.
    case warn
}

/// A limit on what a scope may use in a window. A scope can have one budget for each unit and window.
package struct Budget: Hashable, Sendable {
    package let scope: BudgetScope
    package let limit: BudgetLimit
    package let window: BudgetWindow
    package let mode: BudgetMode

    package init(scope: BudgetScope, limit: BudgetLimit, window: BudgetWindow = .none, mode: BudgetMode = .hard) {
        self.scope = scope
        self.limit = limit
        self.window = window
        self.mode = mode
    }
}

/// A budget and its use in the present window, in the unit of the limit.
package struct BudgetStatus: Hashable, Sendable {
    package let budget: Budget
    package let spent: Int64
    package let reserved: Int64

    package init(budget: Budget, spent: Int64, reserved: Int64) {
        self.budget = budget
        self.spent = spent
        self.reserved = reserved
    }

    /// The remaining amount; negative where true costs have exceeded their reservations.
    package var left: Int64 {
        let (used, over) = spent.addingReportingOverflow(reserved)
        guard !over else { return .min }
        let (left, under) = budget.limit.amount.subtractingReportingOverflow(used)
        return under ? .min : left
    }
}

/// What a budget counts.
package enum BudgetUnit: String, CaseIterable, Hashable, Sendable {
    /// Everything that a call costs (API, electricity and hardware), counted in nano-USD.
    case usd
    /// Prompt and completion tokens of all classes.
    case tokens
    /// Energy, counted in microjoules.
    case joules

    /// An amount in USD, tokens or joules, as a JSON number.
    package func number(_ amount: Int64) -> String {
        switch self {
        case .usd: Money(nanoUSD: amount).description
        case .tokens: "\(amount)"
        case .joules: "\(Double(amount) / 1e6)"
        }
    }

    /// Formats an amount with its unit.
    package func text(_ amount: Int64) -> String {
        switch self {
        case .usd: "\(Money(nanoUSD: amount)) USD"
        case .tokens: "\(amount) tokens"
        case .joules: "\(Double(amount) / 1e6) J"
        }
    }
}

/// An exact amount of a unit.
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

/// The amounts of a call in all units.
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

    /// Throws `overflow` for sums beyond 64 bits.
    func adding(_ other: Amounts) throws(LedgerError) -> Amounts {
        let (nanoUSD, moneyOverflow) = money.nanoUSD.addingReportingOverflow(other.money.nanoUSD)
        let (tokens, tokensOverflow) = tokens.addingReportingOverflow(other.tokens)
        let (microjoules, energyOverflow) = microjoules.addingReportingOverflow(other.microjoules)
        guard !moneyOverflow, !tokensOverflow, !energyOverflow else { throw .overflow("a sum of reservations") }
        return Amounts(money: Money(nanoUSD: nanoUSD), tokens: tokens, microjoules: microjoules)
    }

    /// The excess over a bound in each unit, zero at least.
    func overrun(over bound: Amounts) -> Amounts {
        Amounts(
            money: Money(nanoUSD: max(money.nanoUSD - bound.money.nanoUSD, 0)),
            tokens: max(tokens - bound.tokens, 0), microjoules: max(microjoules - bound.microjoules, 0))
    }

    /// Joules as integer microjoules, half to even, so that sums are exact; nil for what does not fit.
    package static func microjoules(_ joules: Double) -> Int64? {
        Int64(exactly: (joules * 1e6).rounded(.toNearestOrEven))
    }
}

extension Budget {
    /// Parses a budget: an amount with its unit, then a slash and the window.
    ///
    /// `20/month` and `0.5 usd` are USD; `1000000tokens/day`; `500J/week`; `5/rolling:18000` counts the last 18,000
    /// seconds. Throws `invalid` with a correct form.
    package init(_ text: String, scope: BudgetScope, mode: BudgetMode = .hard) throws(LedgerError) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let windowText = parts.count == 2 ? parts[1] : "none"
        guard let window = BudgetWindow(windowText) else {
            throw .invalid("the window '\(windowText)'; write none, day, week, month or rolling:SECONDS")
        }
        let amount = String(parts[0].prefix { "0123456789.".contains($0) })
        let unit = parts[0].dropFirst(amount.count).drop { $0 == " " }.lowercased()
        let limit: BudgetLimit?
        switch unit {
        case "", "usd", "$": limit = (try? Money(usd: amount)).map { .usd($0) }
        case "tokens", "token": limit = Int64(amount).map { .tokens($0) }
        case "j", "joules", "joule": limit = Double(amount).flatMap { $0 < 1e12 ? .joules($0) : nil }
        default: throw .invalid("a budget in '\(unit)'; budgets are in USD, tokens or J: 20/month, 1000000tokens/day")
        }
        guard let limit else {
            throw .invalid("the amount '\(parts[0])'; write one like 20/month, 0.05, 1000000tokens/day or 500J/week")
        }
        self.init(scope: scope, limit: limit, window: window, mode: mode)
    }
}
