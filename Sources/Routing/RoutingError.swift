package import Domain
package import Optimization

/// Why a step cannot be routed.
package enum RoutingError: Error, CustomStringConvertible {
    /// No model can serve the step; the reason for each.
    case noCandidate([(model: ModelID, reason: String)])
    /// The remaining budget is below the highest possible bill of every model.
    case budgetSpent(String)
    /// The policy's limits cannot be kept together.
    case infeasible(String, report: InfeasibilityReport?)
    /// The solver rejected the plan: an internal error, not the caller's.
    case planning(OptimizationError)

    /// Whether the prompt is too long for a model that could serve the step otherwise.
    package var isContextOverflow: Bool {
        guard case .noCandidate(let reasons) = self else { return false }
        return reasons.contains { $0.reason.contains(Candidates.contextOverflow) }
    }

    package var description: String {
        switch self {
        case .noCandidate(let reasons):
            "no model can serve this step: "
                + (reasons.isEmpty
                    ? "no model is live; set a provider's key or start a local server, see `hera catalog list`"
                    : reasons.map { "\($0.model): \($0.reason)" }.joined(separator: "; "))
        case .budgetSpent(let message): message
        case .infeasible(let message, _):
            "the policy cannot be kept: \(message) (or set policy.on_infeasible to \"cheapest\" or \"best\")"
        case .planning(let error): "planning failed: \(error)"
        }
    }
}
