/// A batch on its way: the plan, what has been spent, and what the true costs have taught about the predictions.
///
/// Each answer is booked with its true cost. When the costs drift from the plan, the rows that are left are planned
/// again with what is left of the budget, their costs corrected by each model's ratio of true to predicted cost so
/// far.
package struct BatchPlan: Sendable {
    package private(set) var program: AssignmentProgram
    /// Pessimism about the budget; nil plans on the predicted costs as they are.
    package private(set) var robust: RobustBudget?
    /// The model of each row; of finished rows, the one that answered.
    package private(set) var choice: [Int]
    package private(set) var isDone: [Bool]
    /// Nano-USD of the finished rows.
    package private(set) var spent = 0.0
    /// The solution that the present choice comes from.
    package private(set) var solution: AssignmentSolution
    private var realised: [Double]
    private var predicted: [Double]
    /// The corrections that the present plan was made with, by model.
    private var corrections: [Double]
    /// Nano-USD that the plan saw for the rows finished since it was made, and what they took.
    private var predictedSincePlan = 0.0
    private var realisedSincePlan = 0.0

    /// Plans all rows. Rows of a batch do not follow one another, so a program with switching is not a batch.
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
        realised = [Double](repeating: 0, count: program.modelCount)
        predicted = realised
        corrections = [Double](repeating: 1, count: program.modelCount)
    }

    /// Books a row's answer: the model that gave it and its true cost, nano-USD.
    package mutating func book(_ row: Int, model: Int, cost: Double) {
        guard !isDone[row] else { return }
        isDone[row] = true
        choice[row] = model
        spent += cost
        let forecast = program.options[row][model]?.cost ?? 0
        realised[model] += cost
        predicted[model] += forecast
        predictedSincePlan += forecast * corrections[model]
        realisedSincePlan += cost
    }

    /// Relative error of the planned cost over the rows finished since the last plan.
    package var drift: Double {
        predictedSincePlan > 0 ? abs(realisedSincePlan / predictedSincePlan - 1) : 0
    }

    /// True to predicted cost of one model so far, drawn towards 1 by the weight of `caution` rows.
    package func correction(_ model: Int, caution: Double = 5) -> Double {
        let rows = program.options.compactMap { $0[model]?.cost }
        let prior = caution * rows.reduce(0, +) / Double(max(1, rows.count))
        return prior > 0 ? (realised[model] + prior) / (predicted[model] + prior) : 1
    }

    /// Plans the rows that are left with what is left of the budget. Where that allows no plan, the cheapest option
    /// of each row is taken and `infeasible` is thrown.
    package mutating func replan(with solver: AssignmentSolver = .init()) throws(OptimizationError) {
        let left = isDone.indices.filter { !isDone[$0] }
        guard !left.isEmpty else { return }
        corrections = (0..<program.modelCount).map { correction($0) }
        var rest = program
        let corrections = corrections
        rest.options = left.map { row in
            program.options[row].enumerated().map { model, option in
                option.map { option in
                    var option = option
                    option.cost = (option.cost * corrections[model]).rounded(.up)
                    return option
                }
            }
        }
        if !program.accuracyFloors.isEmpty { rest.accuracyFloors = left.map { program.accuracyFloors[$0] } }
        if let budget = program.budget { rest.budget = max(0, budget - spent) }
        reduce(&rest, to: left)
        predictedSincePlan = 0
        realisedSincePlan = 0
        do {
            if var robust {
                robust.variances = left.map { row in
                    robust.variances[row].enumerated().map { $1 * corrections[$0] * corrections[$0] }
                }
                solution = try robust.solve(rest, with: solver).solution
            } else {
                solution = try solver.solve(rest)
            }
        } catch .infeasible(let report) {
            for row in left { choice[row] = Self.cheapest(program.options[row]) ?? choice[row] }
            throw .infeasible(report)
        }
        for (index, row) in left.enumerated() { choice[row] = solution.choice[index] }
    }

    /// Takes what the finished rows used off the other limits.
    private func reduce(_ rest: inout AssignmentProgram, to left: [Int]) {
        let done = isDone.indices.filter { isDone[$0] }
        let used = done.compactMap { program.options[$0][choice[$0]] }
        if let deadline = program.deadline, program.latencyPaths.isEmpty {
            rest.deadline = max(0, deadline - used.reduce(0) { $0 + $1.latency })
        }
        if let cap = program.energyCap { rest.energyCap = max(0, cap - used.reduce(0) { $0 + $1.energy }) }
        if let least = program.minimumMeanAccuracy {
            let needed = least * Double(program.stepCount) - used.reduce(0) { $0 + $1.accuracy }
            rest.minimumMeanAccuracy = min(1, max(0, needed / Double(left.count)))
        }
        if !program.slots.isEmpty {
            rest.slots = program.slots.enumerated().map { model, slots in
                slots.map { max(0, $0 - done.count(where: { choice[$0] == model })) }
            }
        }
        rest.limits = program.limits.map { limit in
            var limit = limit
            limit.most = max(0, limit.most - done.reduce(0) { $0 + limit.amounts[$1][choice[$1]] })
            limit.amounts = left.map { limit.amounts[$0] }
            return limit
        }
        let places = Dictionary(uniqueKeysWithValues: left.enumerated().map { ($1, $0) })
        rest.latencyPaths = program.latencyPaths.map { $0.compactMap { places[$0] } }
    }

    private static func cheapest(_ options: [AssignmentOption?]) -> Int? {
        options.indices.filter { options[$0] != nil }.min {
            (options[$0]?.cost ?? .infinity) < (options[$1]?.cost ?? .infinity)
        }
    }
}
