package import Optimization

/// A plan of a recorded batch under a budget: the greatest predicted accuracy, at a cost that keeps the budget with the
/// confidence asked for.
package struct RecordedPlan: Sendable {
    /// The model of each row.
    package private(set) var choice: [Int]
    /// Predicted.
    package let planned: BatchTotals
    package let pessimisticCostUSD: Double
    /// The predicted accuracy, 0...1, that no plan with the same margin for errors can pass.
    package let accuracyBound: Double
    /// How often the rest was planned again while the rows were done.
    package private(set) var replans = 0
    private var plan: BatchPlan

    /// Above this (9 million USD), amounts are no longer exact in a program; no plan comes near it.
    package static let greatestBudget = 9_007_199_254_740_992.0

    /// - Parameters:
    ///   - budget: nano-USD for the whole batch.
    ///   - confidence: share of batches whose true cost stays within the budget; at 0.5 the predicted cost does.
    package init(
        _ batch: RecordedBatch, budget: Double, confidence: Double
    ) throws(OptimizationError) {
        let program = Self.program(batch, budget: budget)
        let robust = confidence > 0.5 ? Self.robust(batch, confidence: confidence) : nil
        plan = try BatchPlan(program, robust: robust)
        let solution = plan.solution
        choice = solution.choice
        planned = BatchTotals(costUSD: solution.totals.cost / 1e9, accuracy: solution.totals.meanAccuracy)
        pessimisticCostUSD = (robust?.pessimisticCost(of: solution) ?? solution.totals.cost) / 1e9
        // With accuracy as the only weight, the objective is the sum over rows of (greatest - accuracy) / range.
        let accuracies = batch.options.flatMap { $0.compactMap { $0?.accuracy } }
        let range = (accuracies.max() ?? 0) - (accuracies.min() ?? 0)
        let missing = max(0, solution.objective - solution.bound) * range / Double(batch.rows.count)
        accuracyBound = min(1, solution.totals.meanAccuracy + missing)
    }

    /// What the budget does to the plan and what a tenth more of it would buy, in words: "the budget binds: 80 of 200
    /// rows would otherwise run on gpt-4; 2.5 cents more would buy +1.2 points of accuracy". Nil where it binds nothing.
    package static func effect(
        of budget: Double, on batch: RecordedBatch, plan: RecordedPlan, confidence: Double
    ) -> String? {
        let program = program(batch, budget: budget)
        let free = batch.options.map { row in
            row.indices.max {
                let (left, right) = (row[$0], row[$1])
                return (left?.accuracy ?? -1, -(left?.cost ?? 0)) < (right?.accuracy ?? -1, -(right?.cost ?? 0))
            } ?? 0
        }
        var otherwise: [Int: Int] = [:]
        for (model, other) in zip(plan.choice, free) where model != other { otherwise[other, default: 0] += 1 }
        guard !otherwise.isEmpty, let wider = try? RecordedPlan(batch, budget: 1.1 * budget, confidence: confidence)
        else { return nil }
        let effect = LimitEffect(
            limit: .budget, otherwise: otherwise, stepCount: batch.rows.count,
            present: AssignmentTotals(program, choice: plan.choice), without: AssignmentTotals(program, choice: free),
            more: 0.1 * budget, withMore: AssignmentTotals(program, choice: wider.choice), stepNoun: "rows")
        return effect.description(modelNames: batch.models)
    }

    /// The least budget, nano-USD, that there is a plan for; nil where none is.
    package static func leastBudget(_ batch: RecordedBatch, confidence: Double) -> Double? {
        let program = program(batch, budget: 0)
        return try? (confidence > 0.5 ? robust(batch, confidence: confidence) : .none(for: program)).leastBudget(
            program)
    }

    /// Does the rows one after another, booking what each did cost, and plans the rest again where the costs drift.
    ///
    /// A row's record is read only when its turn has come and its model is chosen.
    package mutating func carryOut(_ batch: RecordedBatch, lookingEvery rows: Int = 20, drift: Double = 0.02) {
        for row in batch.rows.indices {
            plan.book(row, model: plan.choice[row], cost: batch.trueCost(row, model: plan.choice[row]))
            guard row % rows == rows - 1, plan.drift > drift, !plan.waiting.isEmpty else { continue }
            // Where the rest cannot keep the budget any more, it goes to the cheapest models.
            try? plan.replan()
            replans += 1
        }
        choice = plan.choice
    }

    private static func program(_ batch: RecordedBatch, budget: Double) -> AssignmentProgram {
        AssignmentProgram(
            options: batch.options, weights: .only(.accuracy), budget: min(budget, greatestBudget),
            timeLimit: .seconds(10), gap: 1e-3)
    }

    private static func robust(_ batch: RecordedBatch, confidence: Double) -> RobustBudget {
        RobustBudget(confidence: confidence, variances: batch.variances, sharedDeviation: RobustBudget.sharedDeviation)
    }
}
