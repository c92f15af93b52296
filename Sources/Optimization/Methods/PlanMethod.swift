/// How the four criteria are traded against each other.
package enum PlanMethod: Sendable, Hashable {
    /// The least weighted sum, by the program's weights.
    case weighted
    /// One criterion, the others held at amounts (for accuracy: mean error).
    case epsilonConstraint(objective: Criterion, most: [Criterion: Double])
    /// The criteria in order of rank.
    case lexicographic([Criterion])
    /// The least worst distance from the ideal point, by the program's weights.
    case augmentedChebyshev
}

extension AssignmentSolver {
    /// The plan that a method asks for, within the program's limits.
    package func solve(
        _ program: AssignmentProgram, by method: PlanMethod
    ) throws(OptimizationError) -> AssignmentSolution {
        switch method {
        case .weighted:
            try solve(program)
        case .epsilonConstraint(let objective, let most):
            try EpsilonConstraint(objective: objective, most: most).solve(program, with: self)
        case .lexicographic(let order):
            try Lexicographic(order: order).solve(program, with: self)
        case .augmentedChebyshev:
            try AugmentedChebyshev(weights: program.weights).solve(program, with: self).solution
        }
    }
}
