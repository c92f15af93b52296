import Domain

/// A chat model of a price list, in the catalog's units.
struct ListedModel {
    /// The catalog's name for who serves it.
    var provider: String
    /// Who made it, where the list tells it apart from who serves it.
    var maker: String?
    /// The name that the provider knows it by.
    var name: String
    var contextTokens: Int
    /// Nil where the list does not tell.
    var maxOutputTokens: Int?
    var capabilities: Set<Capability>
    var tiers: [ServiceTier: Rates]
    var contextTiers: [ContextTier] = []
    /// Where it is called, where the list or the caller tells.
    var address: ProviderAddress?

    /// The id in the catalog: characters that ids may not have become dashes.
    var id: String {
        let known = name.hasPrefix(provider + "/") ? name : "\(provider)/\(name)"
        return String(known.map { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.:/@".contains($0)) ? $0 : "-" })
    }

    /// A class of ability guessed from the price of the answer, since no list tells it: at least 8, 2 and 0.4 USD per
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

/// An entry of a price list: a model, or why it is none for the catalog.
struct ListedEntry {
    let provider: String
    let maker: String?
    let name: String
    let result: Result<ListedModel, SkipReason>

    /// Builds the model of an entry.
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

/// Why an entry of a price list is left out.
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
