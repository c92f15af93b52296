/// Finds the plan of least weighted cost that keeps every limit, with a certificate of optimality.
///
/// Synchronous and thread-safe, from any number of threads. Cancelling the calling task ends the search with
/// `cancelled`.
package struct AssignmentSolver: Sendable {
    package var strategy: AssignmentStrategy

    package init(strategy: AssignmentStrategy = .automatic) {
        self.strategy = strategy
    }

    /// The plan with its certificate and shadow prices. If the time limit cuts the search short, the best plan so far
    /// has `proven` false. `timedOut` is thrown only if there is none.
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
            // The row of the mean accuracy is a sum over the steps; its price is per unit of the mean.
            let unit = row.name == .meanAccuracy ? steps : 1
            let price = pair.0 * unit
            return ShadowPrice(
                limit: row.name, objectivePerUnit: price, slack: (row.limit - pair.1) / unit,
                meanAccuracyPerUnit: perAccuracy > 0 ? price / perAccuracy / steps : nil)
        }
    }
}

extension AssignmentTotals {
    /// The totals of a choice of models in a program, switching included.
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

/// The end of a solve: its time limit, or the cancellation of the calling task.
struct SolveClock: Sendable {
    private let end: ContinuousClock.Instant

    init(limit: Duration) {
        // A limit of years would overflow the instant; a day is long enough.
        end = ContinuousClock.now.advanced(by: min(limit, .seconds(86_400)))
    }

    /// Whether the time is up. Throws if the task was cancelled.
    func isOver() throws(OptimizationError) -> Bool {
        if Task.isCancelled { throw .cancelled }
        return ContinuousClock.now >= end
    }

    /// The remaining time, at least 0.
    var remaining: Duration { max(.zero, ContinuousClock.now.duration(to: end)) }
}
