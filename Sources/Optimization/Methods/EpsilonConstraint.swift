/// One criterion is optimised, the others are held at or below amounts of their own.
package struct EpsilonConstraint: Sendable {
    package var objective: Criterion
    /// The greatest amount of each other criterion; for accuracy, of the mean error.
    package var most: [Criterion: Double]

    package init(objective: Criterion, most: [Criterion: Double]) {
        self.objective = objective
        self.most = most
    }

    /// The plan of the least objective within the amounts and the program's own limits.
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
