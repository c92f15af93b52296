import Domain

extension Budget {
    /// Reads a budget as people write it: an amount, its unit, and after a slash its window.
    ///
    /// `20/month` and `0.5 usd` are USD; `1000000tokens/day`; `500J/week`; `5/rolling:18000` counts the last 18,000
    /// seconds. Throws `invalid` with what to write instead.
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
