package import Domain
package import JSON
package import Ledger
package import Routing
package import Upstream

/// Why a call, step or job could not be done. The words are meant for the caller.
package enum ServiceError: Error, CustomStringConvertible {
    /// The caller's mistake, by field.
    case badRequest(FieldError)
    case unknownModel(String, suggestion: String?)
    /// Known, but cannot be called now; why and what to do.
    case modelUnavailable(ModelID, reason: String)
    case routing(RoutingError)
    /// No budget has room for the call, or the ledger cannot be written.
    case ledger(LedgerError)
    /// A model's server refused the request itself; no other model is asked.
    case refused(model: ModelID, UpstreamFailure)
    /// Every candidate failed; what each said.
    case upstream([(model: ModelID, error: UpstreamError)])
    case notFound(kind: String, id: String)
    /// The thing is not in a state for what was asked.
    case conflict(String)
    case shuttingDown

    package var description: String {
        switch self {
        case .badRequest(let error): error.description
        case .unknownModel(let name, let suggestion):
            "no model or policy is named '\(name)'"
                + (suggestion.map { "; did you mean '\($0)'?" } ?? "; GET /v1/models lists them")
        case .modelUnavailable(let model, let reason): "\(model) cannot be called: \(reason)"
        case .routing(let error): error.description
        case .ledger(let error): error.description
        case .refused(let model, let failure): "\(model) refused the request: \(failure.message)"
        case .upstream(let failures):
            "no model answered: " + failures.map { "\($0.model): \($0.error)" }.joined(separator: "; ")
        case .notFound(let kind, let id): "there is no \(kind) '\(id)'"
        case .conflict(let reason): reason
        case .shuttingDown: "the service is shutting down; try again in a moment"
        }
    }
}
