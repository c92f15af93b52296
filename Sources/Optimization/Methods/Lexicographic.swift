/// The criteria in order of rank: each is optimised among the plans that are best, within a tolerance, in all before.
package struct Lexicographic: Sendable {
    package var order: [Criterion]
    /// How much of a criterion may be given up for the next ones, as a share of its optimum; 0 for nothing.
    package var tolerance: Double

    package init(order: [Criterion], tolerance: Double = 0) {
        self.order = order
        self.tolerance = tolerance
    }

    /// The plan of the last rank; its limits include what the ranks before it were held to.
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
            // Room for the rounding of one sum, so that the plan just found stays allowed.
            held = held.holding(criterion, at: amount * (1 + tolerance + 1e-12) + 1e-12)
        }
        return try solver.solve(held.minimizing(last))
    }
}
