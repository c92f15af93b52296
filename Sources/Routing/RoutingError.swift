package import Domain
package import Optimization

/// Why a step cannot be routed.
package enum RoutingError: Error, CustomStringConvertible {
    /// No model can serve the step; the reason of each.
    case noCandidate([(model: ModelID, reason: String)])
    /// What is left of the budget cannot pay the highest possible bill of any model.
    case budgetSpent(String)
    /// The policy's limits cannot be kept together.
    case infeasible(String, report: InfeasibilityReport?)
    /// The solver refused the plan: a fault of ours, not of the caller.
    case planning(OptimizationError)

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
