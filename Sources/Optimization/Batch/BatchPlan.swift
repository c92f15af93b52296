/// A running batch: the plan, the money spent, and the correction of predicted costs by true ones.
///
/// Each answer is booked with its true cost. When the costs drift from the plan, the waiting rows are planned again
/// with the remaining budget. Their costs are corrected by the ratio of true to predicted cost so far. Rows under way
/// keep their model, and their expected cost is set aside.
package struct BatchPlan: Sendable {
    package private(set) var program: AssignmentProgram
    /// Pessimism about the budget; nil plans on the predicted costs as they are.
    package private(set) var robust: RobustBudget?
    /// The model of each row. For finished rows, the model that answered.
    package private(set) var choice: [Int]
    /// Rows that are booked.
    package private(set) var isDone: [Bool]
    /// Rows whose call has begun but is not booked.
    package private(set) var isUnderWay: [Bool]
    /// Rows that will not be done.
    package private(set) var isDropped: [Bool]
    /// Nano-USD of the finished rows.
    package private(set) var spent = 0.0
    /// The solution of the present choice.
    package private(set) var solution: AssignmentSolution
    private var learned: CostCorrection
    /// The corrections of the present plan, by model.
    private var corrections: [Double]
    /// Nano-USD predicted for the rows finished since the present plan, and their true cost.
    private var predictedSincePlan = 0.0
    private var realisedSincePlan = 0.0

    /// Plans all rows. The rows of a batch are independent, so programs with switching are rejected.
    /// - Throws: `.infeasible` if the limits leave no plan for all rows. `BatchOffer` finds the rows that are
    ///   feasible.
    package init(
        _ program: AssignmentProgram, robust: RobustBudget? = nil, with solver: AssignmentSolver = .init()
    ) throws(OptimizationError) {
        guard program.switching.isEmpty else {
            throw .invalid(.init("switching", "rows of a batch do not follow one another: leave it empty"))
        }
        self.program = program
        self.robust = robust
        if let robust {
            solution = try robust.solve(program, with: solver).solution
        } else {
            solution = try solver.solve(program)
        }
        choice = solution.choice
        isDone = [Bool](repeating: false, count: program.stepCount)
        isUnderWay = isDone
        isDropped = isDone
        learned = CostCorrection(program, sharedDeviation: robust?.sharedDeviation)
        corrections = [Double](repeating: 1, count: program.modelCount)
    }

    /// The rows that are not begun, in order.
    package var waiting: [Int] { choice.indices.filter { !isDone[$0] && !isUnderWay[$0] && !isDropped[$0] } }

    /// Marks a row as under way, on the model of its `choice`.
    package mutating func begin(_ row: Int) {
        isUnderWay[row] = true
        isDropped[row] = false
    }

    /// Marks a row as not to be done. `charge` deducts what its calls cost.
    package mutating func drop(_ row: Int) {
        isUnderWay[row] = false
        isDropped[row] = !isDone[row]
    }

    /// Deducts the nano-USD of a call that failed and was billed from the budget.
    package mutating func charge(_ cost: Double) {
        spent += cost
    }

    /// Books a row's answer: its model and true cost, nano-USD.
    package mutating func book(_ row: Int, model: Int, cost: Double) {
        guard !isDone[row] else { return }
        isDone[row] = true
        isUnderWay[row] = false
        isDropped[row] = false
        choice[row] = model
        spent += cost
        // An answer of a model outside of the program says nothing about predicted costs.
        guard let forecast = program.options[row][model]?.cost else { return }
        learned.book(model, predicted: forecast, variance: robust?.variances[row][model], true: cost)
        predictedSincePlan += forecast * corrections[model]
        realisedSincePlan += cost
    }

    /// Relative error of the planned cost over the rows finished since the last plan.
    package var drift: Double {
        predictedSincePlan > 0 ? abs(realisedSincePlan / predictedSincePlan - 1) : 0
    }

    /// True to predicted cost of one model so far, shrunk towards that of all models by the weight of `caution` rows.
    package func correction(_ model: Int, caution: Double = 5) -> Double {
        learned.factor(model, caution: caution)
    }

    /// Plans the waiting rows with the remaining budget. If that allows no plan, the cheapest option of each is chosen
    /// and `infeasible` is thrown. `offer` then finds the rows that are feasible.
    package mutating func replan(with solver: AssignmentSolver = .init()) throws(OptimizationError) {
        let rest = rest
        guard !waiting.isEmpty else { return }
        corrections = rest.corrections
        predictedSincePlan = 0
        realisedSincePlan = 0
        do {
            if let robust = rest.robust {
                solution = try robust.solve(rest.program, with: solver).solution
            } else {
                solution = try solver.solve(rest.program)
            }
        } catch .infeasible(let report) {
            for row in waiting { choice[row] = Self.cheapest(program.options[row]) ?? choice[row] }
            throw .infeasible(report)
        }
        for (index, row) in rest.rows.enumerated() { choice[row] = solution.choice[index] }
    }

    /// The plan after replanning its waiting rows.
    package func replanned(with solver: AssignmentSolver = .init()) throws(OptimizationError) -> BatchPlan {
        var plan = self
        try plan.replan(with: solver)
        return plan
    }

    /// The offer of the remaining budget for the rows that are neither finished nor dropped. Its `rows` are indices of
    /// the whole batch. A row under way is among them if the money suffices.
    package func offer(with solver: AssignmentSolver = .init()) throws(OptimizationError) -> BatchOffer {
        let rest = rest
        var offer = try BatchOffer(of: rest.program, robust: rest.robust, with: solver)
        offer.rows = offer.rows.map { rest.rows[$0] }
        return offer
    }

    /// The rows that are neither finished nor dropped, with the remaining limits and corrected costs.
    private var rest: (rows: [Int], program: AssignmentProgram, robust: RobustBudget?, corrections: [Double]) {
        let left = choice.indices.filter { !isDone[$0] && !isDropped[$0] }
        let corrections = (0..<program.modelCount).map { correction($0) }
        var rest = program.rows(left)
        for (index, row) in left.enumerated() {
            for model in corrections.indices {
                if isUnderWay[row], model != choice[row] {
                    rest.options[index][model] = nil
                } else if let cost = rest.options[index][model]?.cost {
                    rest.options[index][model]?.cost = (cost * corrections[model]).rounded(.up)
                }
            }
        }
        if let budget = program.budget { rest.budget = max(0, budget - spent) }
        reduce(&rest, rows: left.count)
        let robust = robust?.rows(left).corrected(corrections, sharedDeviation: learned.sharedDeviation)
        return (left, rest, robust, corrections)
    }

    /// Deducts the finished rows' use from the other limits.
    private func reduce(_ rest: inout AssignmentProgram, rows: Int) {
        let done = isDone.indices.filter { isDone[$0] }
        let used = done.compactMap { program.options[$0][choice[$0]] }
        if let deadline = program.deadline, program.latencyPaths.isEmpty {
            rest.deadline = max(0, deadline - used.reduce(0) { $0 + $1.latency })
        }
        if let cap = program.energyCap { rest.energyCap = max(0, cap - used.reduce(0) { $0 + $1.energy }) }
        if let least = program.minimumMeanAccuracy {
            let needed = least * Double(done.count + rows) - used.reduce(0) { $0 + $1.accuracy }
            rest.minimumMeanAccuracy = min(1, max(0, needed / Double(max(1, rows))))
        }
        if !program.slots.isEmpty {
            rest.slots = program.slots.enumerated().map { model, slots in
                slots.map { max(0, $0 - done.count(where: { choice[$0] == model })) }
            }
        }
        for (index, limit) in program.limits.enumerated() {
            rest.limits[index].most = max(0, limit.most - done.reduce(0) { $0 + limit.amounts[$1][choice[$1]] })
        }
    }

    private static func cheapest(_ options: [AssignmentOption?]) -> Int? {
        options.indices.filter { options[$0] != nil }.min {
            (options[$0]?.cost ?? .infinity) < (options[$1]?.cost ?? .infinity)
        }
    }
}
