/// Finds the plan of least weighted cost that keeps every limit, and says how far from optimal it can be.
///
/// Synchronous and thread-safe; it can be called from as many threads as one likes. Cancelling the task that calls
/// ends the search with `cancelled`.
package struct AssignmentSolver: Sendable {
    package var strategy: AssignmentStrategy

    package init(strategy: AssignmentStrategy = .automatic) {
        self.strategy = strategy
    }

    /// The plan, with its certificate and shadow prices. When the time limit cuts the search short, the best plan so
    /// far comes back with `proven` false; `timedOut` is thrown only when there is none.
    package func solve(_ program: AssignmentProgram) throws(OptimizationError) -> AssignmentSolution {
        try program.validate()
        let clock = SolveClock(limit: program.timeLimit)
        if try clock.isOver() { throw .timedOut }
        let scale = CriterionScale(program)
        let table = try AssignmentTable(program, scale: scale)
        var solver = TableSolver(table, gap: program.gap, clock: clock, strategy: strategy)
        switch try solver.solve() {
        case .plan(let plan): return AssignmentSolution(plan, program, table, scale)
        case .timedOut: throw .timedOut
        case .infeasible: throw .infeasible(try InfeasibilityReport.diagnose(program, clock: clock))
        }
    }
}

extension AssignmentSolution {
    init(_ plan: TableSolver.Plan, _ program: AssignmentProgram, _ table: AssignmentTable, _ scale: CriterionScale) {
        let perAccuracy = scale.objectivePerAccuracy(program.weights)
        choice = table.modelChoice(plan.incumbent.choice)
        objective = plan.incumbent.objective
        totals = AssignmentTotals(program, choice: choice)
        bound = plan.bound
        method = plan.method
        proven = plan.proven
        let steps = Double(program.stepCount)
        shadowPrices = zip(table.rows, zip(plan.multipliers, plan.incumbent.totals.amounts)).map { row, pair in
            // The row of the mean accuracy counts the sum over the steps; its price is per unit of the mean.
            let unit = row.name == .meanAccuracy ? steps : 1
            let price = pair.0 * unit
            return ShadowPrice(
                limit: row.name, objectivePerUnit: price, slack: (row.limit - pair.1) / unit,
                meanAccuracyPerUnit: perAccuracy > 0 ? price / perAccuracy / steps : nil)
        }
    }
}

extension AssignmentTotals {
    /// What a choice of models uses in a program, switching included.
    package init(_ program: AssignmentProgram, choice: [Int]) {
        var totals = AssignmentTotals(cost: 0, energy: 0, latency: 0, meanAccuracy: 0)
        var previous = program.previous
        for (step, model) in choice.enumerated() {
            if let option = program.options[step][model] {
                totals.cost += option.cost
                totals.energy += option.energy
                totals.latency += option.latency
                totals.meanAccuracy += option.accuracy
            }
            if let before = previous, before != model, !program.switching.isEmpty {
                let move = program.switching[step][model]
                totals.cost += move.cost
                totals.energy += move.energy
                totals.latency += move.latency
            }
            previous = model
        }
        totals.meanAccuracy /= Double(max(1, choice.count))
        self = totals
    }
}
