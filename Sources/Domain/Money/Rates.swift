/// Prices by class. An absent class is unknown, not free.
package struct Rates: Hashable, Sendable {
    /// Indexed by `UsageClass.index`: every decision looks up a dozen prices of each model.
    private var table: [UnitPrice?]

    package init(_ prices: [UsageClass: UnitPrice]) {
        table = UsageClass.allCases.map { prices[$0] }
    }

    /// The prices that are listed.
    package var prices: [UsageClass: UnitPrice] {
        get {
            var prices: [UsageClass: UnitPrice] = [:]
            for unit in UsageClass.allCases { prices[unit] = table[unit.index] }
            return prices
        }
        set { self = Rates(newValue) }
    }

    /// The listed price of a class; nil if it has none of its own.
    package subscript(unit: UsageClass) -> UnitPrice? {
        get { table[unit.index] }
        set { table[unit.index] = newValue }
    }

    /// The price at which a class is billed.
    ///
    /// Without a listed price, reasoning is billed as output, cached and cache-write tokens as input (never below the
    /// provider's bill), and a request costs nothing beyond its units. Audio has no substitute.
    package func price(of unit: UsageClass) -> UnitPrice? {
        if let price = self[unit] { return price }
        switch unit {
        case .reasoning: return self[.output]
        case .cachedRead, .cacheWrite5m, .cacheWrite1h: return self[.input]
        case .request: return .zero
        case .input, .output, .audioInput, .audioOutput: return nil
        }
    }

    /// These prices, completed by those of `other`. `choose` decides for classes that both list.
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
    /// Throws `PriceError.unpriced` for the first used class without a price, `.overflow` outside Money's range.
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

/// The price of one million units of one class, in integer nano-USD.
///
/// Integers per token would be too coarse: 0.0375 USD per million tokens is 37.5 nano-USD a token.
package struct UnitPrice: Hashable, Comparable, Sendable {
    /// Nano-USD per 1,000,000 units.
    package let nanoUSDPerMillion: Int64

    package static let zero = UnitPrice(nanoUSDPerMillion: 0)

    package init(nanoUSDPerMillion: Int64) {
        self.nanoUSDPerMillion = nanoUSDPerMillion
    }

    /// Parses USD per million units, exactly: `"0.0375"`.
    package init(usdPerMillion text: String) throws(MoneyError) {
        nanoUSDPerMillion = try DecimalText(text).scaled(byPowerOfTen: 9)
    }

    /// Parses USD per unit, exactly: `"0.0000000375"` (price lists) or `"0.005"` (a fee per request).
    package init(usdPerUnit text: String) throws(MoneyError) {
        nanoUSDPerMillion = try DecimalText(text).scaled(byPowerOfTen: 15)
    }

    /// USD per million units as an exact decimal, for example `0.0375`.
    package var usdPerMillionText: String { DecimalText.text(nanoUSDPerMillion, decimals: 9) }

    /// USD per unit as an exact decimal, for example `0.005` for a call.
    package var usdPerUnitText: String { DecimalText.text(nanoUSDPerMillion, decimals: 15) }

    /// USD per million units as a double, for display and estimates.
    package var usdPerMillion: Double { Double(nanoUSDPerMillion) / 1e9 }

    package static func < (left: UnitPrice, right: UnitPrice) -> Bool {
        left.nanoUSDPerMillion < right.nanoUSDPerMillion
    }
}
