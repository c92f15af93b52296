package import Domain
package import JSON
package import Ledger
package import Routing
package import Upstream

/// Why a call, step or job failed. The description is for the caller.
package enum ServiceError: Error, CustomStringConvertible {
    /// The caller's mistake, by field.
    case badRequest(FieldError)
    case unknownModel(String, suggestion: String?)
    /// A known model that cannot be called now, with the reason and the way out.
    case modelUnavailable(ModelID, reason: String)
    case routing(RoutingError)
    /// A budget has no room for the call, or the ledger cannot be written.
    case ledger(LedgerError)
    /// A model's server rejected the request itself. No other model is called.
    case refused(model: ModelID, UpstreamFailure)
    /// Every candidate failed; their errors in the order of the calls.
    case upstream([(model: ModelID, error: UpstreamError)])
    case notFound(kind: String, id: String)
    /// The resource's state does not allow the operation.
    case conflict(String)
    case shuttingDown

    /// The error of a step that no model answered.
    package static func noAnswer(_ failures: [(model: ModelID, error: UpstreamError)]) -> ServiceError {
        if let last = failures.last, case .status(let failure) = last.error, failure.isCallersFault {
            return .refused(model: last.model, failure)
        }
        return .upstream(failures)
    }

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

extension ServiceError {
    /// The error's code for programs: the same in an HTTP error and in a batch's error row.
    package var code: String {
        switch self {
        case .badRequest: "invalid_value"
        case .unknownModel: "model_not_found"
        case .modelUnavailable: "model_unavailable"
        case .routing(let error) where error.isContextOverflow: "context_length_exceeded"
        case .routing(.noCandidate): "no_candidate"
        case .routing(.budgetSpent): "budget_exceeded"
        case .routing(.infeasible): "policy_infeasible"
        case .routing(.planning): "planning_failed"
        case .ledger(.budgetExceeded): "budget_exceeded"
        case .ledger(.rateLimited): "rate_limited"
        case .ledger(let error): error.isTemporary ? "ledger_unavailable" : "ledger_error"
        case .refused: "refused_by_model"
        case .upstream(let failures): UpstreamVerdict(failures.map(\.error)).rawValue
        case .notFound(let kind, _): "\(kind.replacing(" ", with: "_"))_not_found"
        case .conflict: "conflict"
        case .shuttingDown: "shutting_down"
        }
    }
}

/// The common cause of the failures of all candidates. The raw value is the error's code.
package enum UpstreamVerdict: String, Sendable {
    /// Every server limits the rate of calls.
    case rateLimited = "rate_limited"
    /// Every server is overloaded or limits the rate.
    case overloaded
    /// The last server was too slow.
    case timedOut = "upstream_timeout"
    case failed = "upstream_error"

    package init(_ errors: [UpstreamError]) {
        if !errors.isEmpty, errors.allSatisfy(\.isRateLimit) {
            self = .rateLimited
        } else if !errors.isEmpty, errors.allSatisfy(\.isOverload) {
            self = .overloaded
        } else if case .timeout = errors.last {
            self = .timedOut
        } else {
            self = .failed
        }
    }
}

extension UpstreamError {
    fileprivate var isRateLimit: Bool {
        if case .status(let failure) = self { failure.status == 429 } else { false }
    }

    /// Whether the server is overloaded (Anthropic's 529 and `overloaded_error`) or limits the rate.
    fileprivate var isOverload: Bool {
        guard case .status(let failure) = self else { return false }
        return isRateLimit || failure.status == 529 || failure.code == "overloaded_error"
    }
}
