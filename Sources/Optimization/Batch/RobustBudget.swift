/// A budget that the realised cost keeps with a given confidence, not only the predicted one.
///
/// Errors of single calls are independent and average out. A common error of the predictor does not. The chance
/// constraint mean + z sqrt(variance) + z shared mean <= budget is not linear, but a square root lies below its
/// tangents. So for any v0 > 0, sum of (mean (1 + z shared) + z var / (2 sqrt v0)) <= budget - z sqrt(v0) / 2 is linear
/// and safe. It is exact if v0 is the plan's own variance: a few solves find that point.
package struct RobustBudget: Sendable {
    /// The standard `sharedDeviation` of a batch. Of 100 bootstrap batches of 200 validation rows at a quarter of the best
    /// single model's spend, 0.12 kept 84 within the budget on the hardest suite. Its true costs vary by 6.2 % of the
    /// budget; 0.16 plans 5 % lower (docs/internals/deep/batch-planning.md).
    package static let sharedDeviation = 0.16

    /// Share of batches, above 0.5 and below 1, whose realised cost has to stay within the budget.
    package var confidence: Double
    /// `[step][model]`: variance of the predicted cost, nano-USD squared.
    package var variances: [[Double]]
    /// Standard deviation of the error that all calls share, as a share of the cost.
    package var sharedDeviation: Double

    package init(confidence: Double, variances: [[Double]], sharedDeviation: Double = 0) {
        self.confidence = confidence
        self.variances = variances
        self.sharedDeviation = sharedDeviation
    }

    /// A plan with its expected and its pessimistic cost.
    package struct Plan: Sendable {
        package var solution: AssignmentSolution
        /// Standard deviation of the realised cost, nano-USD.
        package var deviation: Double
        /// The cost that the realised one stays below with the requested confidence, nano-USD.
        package var pessimisticCost: Double
    }

    private static let name = "pessimistic cost"

    /// The best plan whose pessimistic cost keeps the program's budget.
    package func solve(
        _ program: AssignmentProgram, with solver: AssignmentSolver = .init()
    ) throws(OptimizationError) -> Plan {
        try validate(program)
        guard let budget = program.budget else {
            let solution = try solver.solve(program)
            return plan(solution)
        }
        let cheapest = try self.cheapest(program, solver)
        do {
            return try solve(program, within: budget, from: cheapest.choice, with: solver)
        } catch .infeasible(let report) {
            // The tangent at the cheapest plan may exceed the budget although the one at the least pessimistic plan
            // does not.
            let least = try leastPlan(program, from: cheapest.choice, with: solver)
            guard least.cost <= budget else {
                throw .infeasible(
                    InfeasibilityReport(
                        alone: [.init(limit: .budget, requested: budget, nearest: Self.wholeBudget(least.cost))],
                        joint: [], proven: false))
            }
            guard let plan = try? solve(program, within: budget, from: least.choice, with: solver) else {
                throw .infeasible(report)
            }
            return plan
        }
    }

    /// The least budget, whole nano-USD, for the batch at the requested confidence, with all other limits kept. Ignores
    /// the program's own budget.
    /// - Throws: `.infeasible` if the other limits allow no plan at any price.
    package func leastBudget(
        _ program: AssignmentProgram, with solver: AssignmentSolver = .init()
    ) throws(OptimizationError) -> Double {
        if confidence > 0.5 { try validate(program) }
        let cheapest = try self.cheapest(program, solver)
        return Self.wholeBudget(try leastPlan(program, from: cheapest.choice, with: solver).cost)
    }

    /// Whole nano-USD, with room for the rounding of a sum in another order.
    private static func wholeBudget(_ cost: Double) -> Double { (cost * (1 + 1e-9)).rounded(.up) }

    /// The cost that a plan of this mean and variance stays below with the requested confidence, nano-USD.
    func pessimisticCost(_ mean: Double, variance: Double) -> Double {
        mean + Normal.quantile(confidence) * (variance.squareRoot() + sharedDeviation * mean)
    }

    /// The pessimistic cost of a solution.
    package func pessimisticCost(of solution: AssignmentSolution) -> Double {
        pessimisticCost(solution.totals.cost, variance: variance(solution.choice))
    }

    /// A budget on the predicted costs, without room for errors.
    package static func none(for program: AssignmentProgram) -> RobustBudget {
        RobustBudget(
            confidence: 0.5,
            variances: program.options.map { [Double](repeating: 0, count: $0.count) })
    }

    /// Solves a few times, each with the tangent at the previous plan.
    private func solve(
        _ program: AssignmentProgram, within budget: Double, from choice: [Int], with solver: AssignmentSolver
    ) throws(OptimizationError) -> Plan {
        let z = Normal.quantile(confidence)
        var variance = max(1, self.variance(choice))
        var best: Plan?
        var problem: OptimizationError?
        for _ in 0..<6 {
            let root = variance.squareRoot()
            var pessimistic = program
            // The pessimistic cost is never below the predicted one, so its limit alone keeps the budget.
            pessimistic.budget = nil
            let most = budget - z * root / 2
            guard most > 0 else { break }
            pessimistic.limits.append(limit(program, z: z, root: root, most: most))
            let solution: AssignmentSolution
            do {
                solution = try solver.solve(pessimistic)
            } catch .infeasible(let report) {
                problem = .infeasible(report)
                break
            }
            let found = plan(solution)
            if found.solution.objective < best?.solution.objective ?? .infinity { best = found }
            let next = max(1, self.variance(solution.choice))
            if abs(next - variance) <= 1e-3 * variance { break }
            variance = next
        }
        guard let best else {
            throw problem ?? .infeasible(InfeasibilityReport(alone: [], joint: [], proven: false))
        }
        return best
    }

    /// The plan of the least pessimistic cost, by the same tangents, and that cost. Ignores the budget.
    private func leastPlan(
        _ program: AssignmentProgram, from choice: [Int], with solver: AssignmentSolver
    ) throws(OptimizationError) -> (choice: [Int], cost: Double) {
        let z = Normal.quantile(confidence)
        var best = (choice: choice, cost: pessimisticCost(program, choice))
        for _ in 0..<6 {
            let root = max(1, variance(best.choice)).squareRoot()
            let limit = limit(program, z: z, root: root, most: 0)
            var pessimistic = program
            for step in program.options.indices {
                for model in program.options[step].indices {
                    pessimistic.options[step][model]?.cost = limit.amounts[step][model]
                }
            }
            let found = try cheapest(pessimistic, solver).choice
            let cost = pessimisticCost(program, found)
            guard cost < best.cost * (1 - 1e-9) else { break }
            best = (found, cost)
        }
        return best
    }

    private func pessimisticCost(_ program: AssignmentProgram, _ choice: [Int]) -> Double {
        pessimisticCost(AssignmentTotals(program, choice: choice).cost, variance: variance(choice))
    }

    /// The plan of the least cost under the limits other than the budget.
    private func cheapest(
        _ program: AssignmentProgram, _ solver: AssignmentSolver
    ) throws(OptimizationError) -> AssignmentSolution {
        var cheapest = program.minimizing(.cost)
        cheapest.budget = nil
        cheapest.gap = min(program.gap, 1e-4)
        return try solver.solve(cheapest)
    }

    private func limit(_ program: AssignmentProgram, z: Double, root: Double, most: Double) -> AssignmentLimit {
        let factor = 1 + z * sharedDeviation
        let amounts = program.options.enumerated().map { step, row in
            row.enumerated().map { model, option in
                (option?.cost ?? 0) * factor + z * variances[step][model] / (2 * root)
            }
        }
        let moves = program.switching.map { $0.map { $0.cost * factor } }
        return AssignmentLimit(name: Self.name, unit: "nanoUSD", most: most, amounts: amounts, switching: moves)
    }

    private func variance(_ choice: [Int]) -> Double {
        choice.enumerated().reduce(0) { $0 + variances[$1.offset][$1.element] }
    }

    private func plan(_ solution: AssignmentSolution) -> Plan {
        let own = variance(solution.choice).squareRoot()
        let shared = sharedDeviation * solution.totals.cost
        return Plan(
            solution: solution, deviation: (own * own + shared * shared).squareRoot(),
            pessimisticCost: pessimisticCost(solution.totals.cost, variance: own * own))
    }

    private func validate(_ program: AssignmentProgram) throws(OptimizationError) {
        guard confidence > 0.5, confidence < 1 else {
            throw .invalid(.init("confidence", "must be above 0.5 and below 1, is \(confidence)"))
        }
        guard sharedDeviation.isFinite, sharedDeviation >= 0 else {
            throw .invalid(.init("sharedDeviation", "must be finite and at least 0, is \(sharedDeviation)"))
        }
        guard variances.count == program.stepCount, variances.allSatisfy({ $0.count == program.modelCount }) else {
            let size = "\(program.stepCount) steps by \(program.modelCount) models"
            throw .invalid(.init("variances", "are not \(size)"))
        }
        for (step, row) in variances.enumerated() {
            for (model, variance) in row.enumerated() where !(variance >= 0 && variance < .infinity) {
                throw .invalid(.init("variances", "must be finite and at least 0", step: step, model: model))
            }
        }
    }
}
