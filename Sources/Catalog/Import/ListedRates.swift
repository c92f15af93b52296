import Domain
import JSON

/// Prices by class, gathered from the numbers of a list.
struct ListedRates {
    /// What a list's numbers mean.
    enum Unit {
        case usdPerUnit, usdPerMillion

        func price(_ text: String) throws(MoneyError) -> UnitPrice {
            switch self {
            case .usdPerUnit: try UnitPrice(usdPerUnit: text)
            case .usdPerMillion: try UnitPrice(usdPerMillion: text)
            }
        }
    }

    private(set) var rates = Rates([:])

    /// Takes the price of a class as it is written; absent stays unknown.
    ///
    /// Zero is taken for input, output and nothing else: lists write it for "not offered", and a class without a price
    /// of its own is billed as input or output, never free.
    mutating func take(_ unit: UsageClass, _ value: JSONValue?, in list: Unit) throws(SkipReason) {
        guard let text = value?.numberText ?? value?.string else { return }
        let price: UnitPrice
        do throws(MoneyError) {
            price = try list.price(text)
        } catch {
            switch error {
            case .malformed: throw .unpriced
            case .tooPrecise, .overflow: throw .inexact
            }
        }
        // OpenRouter writes -1 where the price varies.
        guard price >= .zero else { throw .unpriced }
        if price == .zero, unit != .input, unit != .output { return }
        rates.prices[unit] = price
    }

    /// The rates, if both input and output have a price.
    func complete() throws(SkipReason) -> Rates {
        guard rates.prices[.input] != nil, rates.prices[.output] != nil else { throw .unpriced }
        return rates
    }
}
