import Domain
import JSON

/// A chat model of a price list, in the catalog's units.
struct ListedModel {
    /// The catalog's name of the provider.
    var provider: String
    /// The company that made it, if the list names it apart from the provider.
    var maker: String?
    /// The provider's name for the model.
    var name: String
    var contextTokens: Int
    /// Nil if unlisted.
    var maxOutputTokens: Int?
    var capabilities: Set<Capability>
    var tiers: [ServiceTier: Rates]
    var contextTiers: [ContextTier] = []
    /// The address, if the list or the caller gives one.
    var address: ProviderAddress?

    /// The id in the catalog, with characters that ids may not have replaced by dashes.
    var id: String {
        let known = name.hasPrefix(provider + "/") ? name : "\(provider)/\(name)"
        return String(known.map { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.:/@".contains($0)) ? $0 : "-" })
    }

    /// A quality tier guessed from the price of the answer, since no list has one: at least 8, 2 and 0.4 USD per
    /// million tokens for frontier, large and medium.
    var guessedTier: QualityTier {
        switch tiers[.standard]?.price(of: .output)?.usdPerMillion ?? 0 {
        case 8...: .frontier
        case 2...: .large
        case 0.4...: .medium
        default: .small
        }
    }
}

/// An entry of a price list: a model, or the reason to skip it.
struct ListedEntry {
    let provider: String
    let maker: String?
    let name: String
    let result: Result<ListedModel, SkipReason>

    init(provider: String, maker: String? = nil, name: String, model: () throws(SkipReason) -> ListedModel) {
        self.provider = provider
        self.maker = maker
        self.name = name
        do {
            result = .success(try model())
        } catch {
            result = .failure(error)
        }
    }
}

/// Why an entry of a price list is skipped.
package enum SkipReason: String, Error, CaseIterable, Sendable {
    case notChat = "no chat model"
    case unpriced = "no price"
    case free = "listed at 0"
    case inexact = "a price with more digits than can be kept exactly"
    case retired = "retired"
    case noContext = "no context length"
    case noAddress = "no known address of the provider"
    case repeated = "listed before"
}

/// Prices by class, collected from a list's numbers.
struct ListedRates {
    /// The unit of a list's numbers.
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

    /// Sets the price of a class as written. An absent one stays unknown.
    ///
    /// Zero counts for input and output only. Lists write it for "not offered", and a class without a price of its own
    /// is billed as input or output, never free.
    mutating func setPrice(of unit: UsageClass, _ value: JSONValue?, in list: Unit) throws(SkipReason) {
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
        // OpenRouter writes -1 for a variable price.
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
