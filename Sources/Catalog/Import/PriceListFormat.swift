import Domain
package import JSON

/// A public price list that catalog files can be made from.
package enum PriceListFormat: String, CaseIterable, Sendable {
    /// LiteLLM's `model_prices_and_context_window.json`: a flat map, USD per token.
    case litellm
    /// OpenRouter's answer to `GET /api/v1/models`: strings, USD per token.
    case openrouter
    /// models.dev's `api.json`: providers with models, USD per million tokens.
    case modelsDev = "models.dev"

    /// The list's name, for `source`.
    package var title: String {
        switch self {
        case .litellm: "LiteLLM price list"
        case .openrouter: "OpenRouter model list"
        case .modelsDev: "models.dev price list"
        }
    }

    /// The entries of a list in its order.
    func entries(of root: JSONValue, today: CalendarDay) throws(PriceListError) -> [ListedEntry] {
        switch self {
        case .litellm: try LiteLLMList.entries(of: root, today: today)
        case .openrouter: try OpenRouterList.entries(of: root)
        case .modelsDev: try ModelsDevList.entries(of: root)
        }
    }
}

/// Why a price list cannot be imported.
package enum PriceListError: Error, Sendable, CustomStringConvertible {
    case notJSON(JSONError)
    /// JSON of another shape; `hint` names what is missing.
    case notThisList(PriceListFormat, hint: String)

    package var description: String {
        switch self {
        case .notJSON(let error): "the price list is no JSON: \(error)"
        case .notThisList(let format, let hint):
            "this is not a \(format.title): \(hint); is `--from \(format.rawValue)` right?"
        }
    }
}
