/// The plan whose worst weighted distance from the ideal point is least.
///
/// Minimises max over criteria of w_k (f_k - ideal_k) / span_k. The ideal is each criterion's own optimum, and the span
/// reaches to the worst value among the other optima (pay-off table). Among plans of the same worst distance, the least
/// weighted sum wins. That is the limit of the augmented objective max + rho x sum as rho goes to 0 (Steuer and Choo
/// 1983), so the plan is never dominated. Bisects the distance: each question is a program with limits.
package struct AugmentedChebyshev: Sendable {
    package var weights: AssignmentWeights
    /// The bisection's tolerance of the distance, which lies in 0...1 for weights of 1.
    package var tolerance: Double

    package init(weights: AssignmentWeights, tolerance: Double = 1e-4) {
        self.weights = weights
        self.tolerance = tolerance
    }

    /// A plan with the certificate of its distance.
    package struct Answer: Sendable {
        package var solution: AssignmentSolution
        /// Worst weighted distance of the plan from the ideal point.
        package var distance: Double
        /// A lower bound on the distance of every plan.
        package var bound: Double
    }

    /// The plan of least distance within the program's limits.
    package func solve(
        _ program: AssignmentProgram, with solver: AssignmentSolver = .init()
    ) throws(OptimizationError) -> Answer {
        guard tolerance.isFinite, tolerance > 0 else {
            throw .invalid(.init("tolerance", "must be above 0, is \(tolerance)"))
        }
        var weighted = program
        weighted.weights = weights
        let criteria = Criterion.allCases.filter { weights[$0] > 0 }
        let payoff = try Payoff(weighted, criteria, solver)
        var best = try solver.solve(weighted)
        var distance = payoff.distance(best.totals, weights)
        for candidate in payoff.solutions where payoff.distance(candidate.totals, weights) < distance {
            best = candidate
            distance = payoff.distance(candidate.totals, weights)
        }
        var bound = 0.0
        while distance - bound > tolerance {
            let middle = (distance + bound) / 2
            do {
                let solution = try solver.solve(payoff.limiting(weighted, weights, distance: middle))
                best = solution
                distance = min(middle, payoff.distance(solution.totals, weights))
            } catch .infeasible {
                bound = middle
            } catch {
                throw error
            }
        }
        // The least weighted sum among the plans of this distance.
        let final = payoff.limiting(weighted, weights, distance: distance + 1e-9)
        if let tied = try? solver.solve(final) {
            best = tied
            distance = min(distance, payoff.distance(tied.totals, weights))
        }
        return Answer(solution: best, distance: distance, bound: min(bound, distance))
    }
}

/// The ideal point and the span of each criterion, from the single-criterion optima.
private struct Payoff {
    var solutions: [AssignmentSolution] = []
    private var ideal: [Criterion: Double] = [:]
    private var span: [Criterion: Double] = [:]

    init(_ program: AssignmentProgram, _ criteria: [Criterion], _ solver: AssignmentSolver) throws(OptimizationError) {
        for criterion in criteria { solutions.append(try solver.solve(program.minimizing(criterion))) }
        for criterion in criteria {
            let amounts = solutions.map { $0.totals.amount(criterion) }
            let least = amounts.min() ?? 0
            ideal[criterion] = least
            span[criterion] = max((amounts.max() ?? 0) - least, 1e-9 * max(1, abs(least)))
        }
    }

    func distance(_ totals: AssignmentTotals, _ weights: AssignmentWeights) -> Double {
        ideal.reduce(0) { worst, entry in
            let span = span[entry.key] ?? 1
            return max(worst, weights[entry.key] * (totals.amount(entry.key) - entry.value) / span)
        }
    }

    func limiting(
        _ program: AssignmentProgram, _ weights: AssignmentWeights, distance: Double
    ) -> AssignmentProgram {
        ideal.reduce(program) { program, entry in
            let span = span[entry.key] ?? 1
            return program.holding(entry.key, at: entry.value + distance * span / weights[entry.key])
        }
    }
}
