import Domain
package import JSON

/// Why nothing can be imported from a file.
package enum PriceListError: Error, Sendable, CustomStringConvertible {
    case notJSON(JSONError)
    /// JSON, but of another shape; `hint` says what was expected.
    case notThisList(PriceListFormat, hint: String)

    package var description: String {
        switch self {
        case .notJSON(let error): "the price list is no JSON: \(error)"
        case .notThisList(let format, let hint):
            "this is not a \(format.title): \(hint); is `--from \(format.rawValue)` right?"
        }
    }
}
