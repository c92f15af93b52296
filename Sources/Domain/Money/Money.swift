package import JSON

/// An amount of money in integer nano-USD (1 USD = 1,000,000,000).
///
/// The range is about ±9.2 billion USD. Arithmetic that could leave the range throws instead of trapping.
package struct Money: Hashable, Comparable, Sendable {
    /// Nano-USD.
    package var nanoUSD: Int64

    package static let zero = Money(nanoUSD: 0)

    package init(nanoUSD: Int64) {
        self.nanoUSD = nanoUSD
    }

    /// Parses a decimal string of USD exactly, for example `"0.0375"` or `"1.5e-3"`.
    ///
    /// Throws `MoneyError.malformed` for text that is no decimal number, `.tooPrecise` if a digit below one nano-USD
    /// would be lost, `.overflow` outside the range.
    package init(usd text: String) throws(MoneyError) {
        nanoUSD = try DecimalText(text).scaled(byPowerOfTen: 9)
    }

    /// The nearest whole nano-USD, half to even. Amounts outside the range saturate.
    package init(nearestNanoUSD amount: Double) {
        let rounded = amount.rounded(.toNearestOrEven)
        nanoUSD = Int64(exactly: rounded) ?? (rounded < 0 ? .min : .max)
    }

    /// The amount in USD as a double, for reports and the optimiser. Never for accounting.
    package var usd: Double { Double(nanoUSD) / 1e9 }

    package func adding(_ other: Money) throws(MoneyError) -> Money {
        let (sum, overflow) = nanoUSD.addingReportingOverflow(other.nanoUSD)
        guard !overflow else { throw .overflow }
        return Money(nanoUSD: sum)
    }

    package func subtracting(_ other: Money) throws(MoneyError) -> Money {
        let (difference, overflow) = nanoUSD.subtractingReportingOverflow(other.nanoUSD)
        guard !overflow else { throw .overflow }
        return Money(nanoUSD: difference)
    }

    /// The amount several times, saturated at the end of the range.
    package func times(_ count: Int) -> Money {
        let (product, overflow) = nanoUSD.multipliedReportingOverflow(by: Int64(count))
        return Money(nanoUSD: overflow ? (nanoUSD < 0 ? .min : .max) : product)
    }

    /// A share of the amount, rounded up.
    package func divided(by count: Int) -> Money {
        count <= 1 ? self : Money(nanoUSD: nanoUSD / Int64(count) + (nanoUSD % Int64(count) > 0 ? 1 : 0))
    }

    package static func < (left: Money, right: Money) -> Bool { left.nanoUSD < right.nanoUSD }
}

extension Money: CustomStringConvertible {
    /// The exact amount in USD without trailing zeros, for example `0.0375`.
    package var description: String { DecimalText.text(nanoUSD, decimals: 9) }
}

/// An invalid amount.
package enum MoneyError: Error, Equatable, CustomStringConvertible {
    case malformed(String)
    case tooPrecise(String)
    case overflow

    package var description: String {
        switch self {
        case .malformed(let text): "'\(text)' is not a decimal amount; write it like 0.0375"
        case .tooPrecise(let text): "'\(text)' has more digits than can be kept exactly; round it to fewer decimals"
        case .overflow: "the amount is outside +-9.2 billion USD"
        }
    }
}

extension FieldReader {
    /// A non-negative amount of USD, parsed exactly from its decimal text (a number or a string).
    package func money(_ name: String) throws(FieldError) -> Money? {
        guard let value = value(name) else { return nil }
        guard let text = value.numberText ?? value.string else {
            throw FieldError(path(name), "must be an amount of USD such as 0.05")
        }
        do {
            let amount = try Money(usd: text)
            guard amount >= .zero else { throw FieldError(path(name), "must not be negative") }
            return amount
        } catch let error as MoneyError {
            throw FieldError(path(name), error.description)
        } catch let error as FieldError {
            throw error
        } catch {
            throw FieldError(path(name), "must be an amount of USD such as 0.05")
        }
    }
}
