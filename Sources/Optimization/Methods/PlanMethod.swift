/// The method that trades the four criteria against each other.
package enum PlanMethod: Sendable, Hashable {
    /// The least weighted sum, by the program's weights.
    case weighted
    /// One criterion, with upper limits on the others (for accuracy: mean error).
    case epsilonConstraint(objective: Criterion, most: [Criterion: Double])
    /// The criteria in order of rank.
    case lexicographic([Criterion])
    /// The least worst distance from the ideal point, by the program's weights.
    case augmentedChebyshev
}

extension AssignmentSolver {
    /// The plan of the method, within the program's limits.
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

/// Optimises one criterion, with upper limits on the others.
package struct EpsilonConstraint: Sendable {
    package var objective: Criterion
    /// The upper limit of each other criterion; for accuracy, of the mean error.
    package var most: [Criterion: Double]

    /// The plan of the least objective within these and the program's own limits.
    package func solve(
        _ program: AssignmentProgram, with solver: AssignmentSolver = .init()
    ) throws(OptimizationError) -> AssignmentSolution {
        var held = program.minimizing(objective)
        for criterion in Criterion.allCases {
            if let most = most[criterion] { held = held.holding(criterion, at: most) }
        }
        return try solver.solve(held)
    }
}

/// Optimises the criteria in order of rank, each among the plans that are optimal, within a tolerance, in all before.
package struct Lexicographic: Sendable {
    package var order: [Criterion]
    /// How much of a criterion may be given up for the later ones, as a share of its optimum; 0 for nothing.
    package var tolerance: Double

    package init(order: [Criterion], tolerance: Double = 0) {
        self.order = order
        self.tolerance = tolerance
    }

    /// The plan of the last rank. Its limits include those set by the earlier ranks.
    package func solve(
        _ program: AssignmentProgram, with solver: AssignmentSolver = .init()
    ) throws(OptimizationError) -> AssignmentSolution {
        guard let last = order.last else {
            throw .invalid(.init("order", "a lexicographic plan needs at least one criterion"))
        }
        guard tolerance.isFinite, tolerance >= 0 else {
            throw .invalid(.init("tolerance", "must be finite and at least 0, is \(tolerance)"))
        }
        var held = program
        held.gap = min(program.gap, 1e-9)
        for criterion in order.dropLast() {
            let amount = try solver.solve(held.minimizing(criterion)).totals.amount(criterion)
            // Room for the rounding of a sum, so that the plan just found stays allowed.
            held = held.holding(criterion, at: amount * (1 + tolerance + 1e-12) + 1e-12)
        }
        return try solver.solve(held.minimizing(last))
    }
}
