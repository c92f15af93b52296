/// Prices by class. A class that is absent is unknown, which is not the same as free.
package struct Rates: Hashable, Sendable {
    /// By `UsageClass.index`: every decision looks up a dozen prices of each model.
    private var table: [UnitPrice?]

    package init(_ prices: [UsageClass: UnitPrice]) {
        table = UsageClass.allCases.map { prices[$0] }
    }

    /// The prices that are named.
    package var prices: [UsageClass: UnitPrice] {
        get {
            var prices: [UsageClass: UnitPrice] = [:]
            for unit in UsageClass.allCases { prices[unit] = table[unit.index] }
            return prices
        }
        set { self = Rates(newValue) }
    }

    /// The price that a class is named with; nil where it has none of its own.
    package subscript(unit: UsageClass) -> UnitPrice? {
        get { table[unit.index] }
        set { table[unit.index] = newValue }
    }

    /// The price that a class is billed at.
    ///
    /// Where a list names no price of its own, reasoning is billed as output, cached and cache-write tokens as input
    /// (never less than the provider may ask), and a request costs nothing beyond its units. Audio has no substitute.
    package func price(of unit: UsageClass) -> UnitPrice? {
        if let price = self[unit] { return price }
        switch unit {
        case .reasoning: return self[.output]
        case .cachedRead, .cacheWrite5m, .cacheWrite1h: return self[.input]
        case .request: return .zero
        case .input, .output, .audioInput, .audioOutput: return nil
        }
    }

    /// These prices, where `other` names none for the same class; `choose` settles where both do.
    func merging(_ other: Rates, _ choose: (_ own: UnitPrice, _ other: UnitPrice) -> UnitPrice) -> Rates {
        var merged = self
        for unit in UsageClass.allCases {
            guard let theirs = other[unit] else { continue }
            merged[unit] = self[unit].map { choose($0, theirs) } ?? theirs
        }
        return merged
    }

    /// The exact cost of a call: summed over its classes in units of 10^-15 USD and rounded once, half to even.
    ///
    /// Throws `PriceError.unpriced` for the first class that was used and has no price, `.overflow` outside Money.
    package func cost(of usage: Usage) throws(PriceError) -> Money {
        var sum: Int128 = 0
        for unit in UsageClass.allCases {
            let count = usage[unit]
            guard count != 0 else { continue }
            guard count > 0 else { throw .negativeUsage(unit) }
            guard let price = price(of: unit) else { throw .unpriced(unit) }
            sum += Int128(count) * Int128(price.nanoUSDPerMillion)
        }
        var (quotient, rest) = sum.quotientAndRemainder(dividingBy: 1_000_000)
        if rest > 500_000 || (rest == 500_000 && quotient & 1 == 1) { quotient += 1 }
        guard let nano = Int64(exactly: quotient) else { throw .overflow }
        return Money(nanoUSD: nano)
    }
}

/// Why a call cannot be priced.
package enum PriceError: Error, Equatable, CustomStringConvertible {
    case unpriced(UsageClass)
    case negativeUsage(UsageClass)
    case notValid(on: CalendarDay)
    case overflow

    package var description: String {
        switch self {
        case .unpriced(let unit):
            "no price for '\(unit.rawValue)': add `\(unit.rawValue)` to the model's prices (0 if it is truly free)"
        case .negativeUsage(let unit): "the upstream reported a negative count of '\(unit.rawValue)'"
        case .notValid(let day): "no price is valid on \(day): renew the model's prices (valid_from, valid_until)"
        case .overflow: "the cost is outside +-9.2 billion USD"
        }
    }
}
