package import JSON
package import Ledger
package import Routing

/// An error whose description is for the caller, with a code for programs: the same in an HTTP error and in a batch's
/// error row.
package protocol CodedError: Error, CustomStringConvertible {
    /// Lower case with underscores, such as `budget_exceeded`.
    var code: String { get }
    /// Whether the prompt is too long for every model.
    var isContextOverflow: Bool { get }
}

extension CodedError {
    /// False, where an error says nothing of it.
    package var isContextOverflow: Bool { false }
}

extension FieldError: CodedError {
    /// `invalid_value`.
    package var code: String { "invalid_value" }
}

extension RoutingError: CodedError {
    /// By what is missing: context, a candidate, money, or a plan.
    package var code: String {
        switch self {
        case .noCandidate: isContextOverflow ? "context_length_exceeded" : "no_candidate"
        case .budgetSpent: "budget_exceeded"
        case .infeasible: "policy_infeasible"
        case .planning: "planning_failed"
        }
    }
}

extension LedgerError: CodedError {
    /// By what refuses: a budget, a rate, or the database.
    package var code: String {
        switch self {
        case .budgetExceeded: "budget_exceeded"
        case .rateLimited: "rate_limited"
        default: isTemporary ? "ledger_unavailable" : "ledger_error"
        }
    }
}

extension Error {
    /// The code of a coded error; `internal_error` of any other.
    package var errorCode: String { (self as? any CodedError)?.code ?? "internal_error" }
}
