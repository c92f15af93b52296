/// The part of a batch that a budget pays for: which rows, at what accuracy, and the budget for all of them.
package struct BatchOffer: Sendable {
    /// The feasible rows, ascending: as many as the budget pays for, cheapest first. If the budget is the only limit,
    /// no other selection has more rows.
    package var rows: [Int]
    /// The model of each of `rows`: their best plan within the budget.
    package var choice: [Int]
    /// Predicted totals of `rows` alone.
    package var totals: AssignmentTotals
    /// Nano-USD that the true cost of `rows` stays below with the requested confidence. Without one, the predicted
    /// cost.
    package var pessimisticCost: Double
    /// Nano-USD for every row, with the same confidence; nil if another limit forbids that at any price.
    package var budgetForAll: Double?

    /// Selects the rows and plans them.
    ///
    /// - Parameters:
    ///   - program: the whole batch, with the budget to spend.
    ///   - robust: pessimism about the budget; nil uses the predicted costs as they are.
    /// - Throws: `.infeasible` with the limits that would have to move if not even one row is feasible.
    package init(
        of program: AssignmentProgram, robust: RobustBudget? = nil, with solver: AssignmentSolver = .init()
    ) throws(OptimizationError) {
        try program.validate()
        let all = Array(program.options.indices)
        let least = try? (robust ?? .none(for: program)).leastBudget(program, with: solver)
        let budget = program.budget ?? .infinity
        if let least, least <= budget {
            let plan = try Self.plan(program, robust, solver)
            self.init(rows: all, plan: plan, budgetForAll: least)
            return
        }
        let ranked = Self.ranked(program, robust, within: budget)
        // Limits other than the budget may require fewer rows. Bisects for the most that have a plan.
        var fits = 0
        var tooMany = ranked.count + 1
        var best: (rows: [Int], plan: RobustBudget.Plan)?
        var count = ranked.count
        var problem: OptimizationError?
        while fits + 1 < tooMany, count > 0 {
            let rows = ranked.prefix(count).sorted()
            do {
                best = (rows, try Self.plan(program.rows(rows), robust?.rows(rows), solver))
                fits = count
            } catch {
                guard case .infeasible = error else { throw error }
                problem = error
                tooMany = count
            }
            count = (fits + tooMany) / 2
        }
        guard let best else {
            if let problem { throw problem }
            throw try Self.nothing(program, robust, solver)
        }
        self.init(rows: best.rows, plan: best.plan, budgetForAll: least)
    }

    private init(rows: [Int], plan: RobustBudget.Plan, budgetForAll: Double?) {
        self.rows = rows
        choice = plan.solution.choice
        totals = plan.solution.totals
        pessimisticCost = plan.pessimisticCost
        self.budgetForAll = budgetForAll
    }

    private static func plan(
        _ program: AssignmentProgram, _ robust: RobustBudget?, _ solver: AssignmentSolver
    ) throws(OptimizationError) -> RobustBudget.Plan {
        if let robust { return try robust.solve(program, with: solver) }
        let solution = try solver.solve(program)
        return RobustBudget.Plan(solution: solution, deviation: 0, pessimisticCost: solution.totals.cost)
    }

    /// The rows by ascending least cost, as many as the budget pays for.
    private static func ranked(_ program: AssignmentProgram, _ robust: RobustBudget?, within budget: Double) -> [Int] {
        var cheapest: [(row: Int, cost: Double, variance: Double)] = []
        for row in program.options.indices {
            let floor = program.accuracyFloor(row)
            for (model, option) in program.options[row].enumerated() {
                guard let option, option.accuracy >= floor else { continue }
                if let last = cheapest.last, last.row == row {
                    if last.cost <= option.cost { continue }
                    cheapest.removeLast()
                }
                cheapest.append((row, option.cost, robust?.variances[row][model] ?? 0))
            }
        }
        cheapest.sort { ($0.cost, $0.row) < ($1.cost, $1.row) }
        var cost = 0.0
        var variance = 0.0
        return cheapest.prefix { row in
            cost += row.cost
            variance += row.variance
            return (robust?.pessimisticCost(cost, variance: variance) ?? cost) <= budget
        }.map(\.row)
    }

    /// Why not even one row is feasible.
    private static func nothing(
        _ program: AssignmentProgram, _ robust: RobustBudget?, _ solver: AssignmentSolver
    ) throws(OptimizationError) -> OptimizationError {
        var nearest = Double.infinity
        for row in program.options.indices {
            for (model, option) in program.options[row].enumerated() {
                guard let option, option.accuracy >= program.accuracyFloor(row) else { continue }
                let variance = robust?.variances[row][model] ?? 0
                nearest = min(nearest, robust?.pessimisticCost(option.cost, variance: variance) ?? option.cost)
            }
        }
        guard nearest.isFinite, let budget = program.budget else {
            _ = try plan(program, robust, solver)
            return .timedOut
        }
        let relaxation = InfeasibilityReport.Relaxation(limit: .budget, requested: budget, nearest: nearest)
        return .infeasible(InfeasibilityReport(alone: [relaxation], joint: [], proven: true))
    }
}

extension AssignmentProgram {
    /// The program of some of its steps, which must be independent: their options, floors and amounts, with all limits
    /// unchanged.
    func rows(_ rows: [Int]) -> AssignmentProgram {
        var part = self
        part.options = rows.map { options[$0] }
        if !accuracyFloors.isEmpty { part.accuracyFloors = rows.map { accuracyFloors[$0] } }
        part.limits = limits.map { limit in
            var limit = limit
            limit.amounts = rows.map { limit.amounts[$0] }
            return limit
        }
        let places = Dictionary(uniqueKeysWithValues: rows.enumerated().map { ($1, $0) })
        part.latencyPaths = latencyPaths.map { $0.compactMap { places[$0] } }.filter { !$0.isEmpty }
        return part
    }
}

extension RobustBudget {
    /// The budget's variances of some of the rows.
    func rows(_ rows: [Int]) -> RobustBudget {
        var part = self
        part.variances = rows.map { variances[$0] }
        return part
    }

    /// The budget after each model's costs were corrected by a factor.
    func corrected(_ factors: [Double], sharedDeviation: Double) -> RobustBudget {
        var corrected = self
        corrected.sharedDeviation = sharedDeviation
        corrected.variances = variances.map { zip($0, factors).map { $0 * $1 * $1 } }
        return corrected
    }
}
