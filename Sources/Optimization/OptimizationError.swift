/// Why there is no plan.
package enum OptimizationError: Error, Sendable, CustomStringConvertible {
    /// The program is malformed; nothing was solved.
    case invalid(InvalidProgram)
    /// No plan keeps all limits. The report names the binding ones and the amounts.
    case infeasible(InfeasibilityReport)
    /// The time limit passed before a first plan was found.
    case timedOut
    /// The calling task was cancelled.
    case cancelled
    /// The linear solver failed numerically.
    case solverFailed(String)

    package var description: String {
        switch self {
        case .invalid(let problem): problem.description
        case .infeasible(let report): report.description
        case .timedOut: "no plan was found within the time limit: raise timeLimit, or loosen a limit"
        case .cancelled: "planning was cancelled"
        case .solverFailed(let reason): "the linear solver failed (\(reason)): loosen the gap or drop a limit"
        }
    }
}

/// A defect of a program: the field, and the step and model if it is in one.
package struct InvalidProgram: Sendable, Hashable, CustomStringConvertible {
    package var field: String
    package var step: Int?
    package var model: Int?
    package var reason: String

    package init(_ field: String, _ reason: String, step: Int? = nil, model: Int? = nil) {
        self.field = field
        self.reason = reason
        self.step = step
        self.model = model
    }

    package var description: String {
        var place = ""
        if let step { place += " of step \(step)" }
        if let model { place += (place.isEmpty ? " of" : ",") + " model \(model)" }
        return "invalid program: \(field)\(place) \(reason)"
    }
}
