import Core
import Optimization

/// A budget for a whole batch, and how sure one wants to be that the true cost keeps it.
struct BatchBudget: Sendable {
    var budget: Money
    /// Share of batches whose true cost has to stay within the budget, 0.5 ..< 1; at 0.5 the predicted cost has to.
    var confidence: Double

    /// Standard deviation of the error that all predicted costs of a batch share, as a share of the cost. Plans for
    /// the validation rows of four public suites, at 25 and 50 % of the best single model's spend, came out up to 24 %
    /// dearer than predicted, 9.5 % in the root mean square; with this value all eight keep their budgets at 0.95.
    static let sharedDeviation = 0.12
    /// Above this (9 million USD), amounts are no longer exact in a program; no plan comes near it.
    private static let greatest = 9_007_199_254_740_992.0

    /// A plan, the cost that it keeps with the confidence asked for, and the best that any other one could reach.
    struct Plan: Sendable {
        /// The model of each row.
        var choice: [Int]
        /// Predicted.
        var planned: BatchTotals
        var pessimisticCostUSD: Double
        /// The predicted accuracy, 0...1, that no plan with the same margin for errors can pass.
        var accuracyBound: Double
    }

    /// The plan of the greatest predicted accuracy.
    /// - Throws: `Exit` 65 with the least budget that would do, or with the solver's own words.
    func plan(_ batch: RecordedBatch) throws(Exit) -> Plan {
        do {
            return try solve(batch, budget: Double(budget.nanoUSD))
        } catch {
            guard case .infeasible = error else { throw Exit(70, "\(error)") }
        }
        let sure = confidence > 0.5 ? " with a confidence of \(confidence)" : ""
        throw Exit(
            65,
            "\(budget) USD cannot pay for \(batch.rows.count) rows\(sure), even on the cheapest models: "
                + (leastBudget(batch).map { "--budget \($0) would do; or " } ?? "")
                + "plan fewer rows (--rows)\(sure.isEmpty ? "" : " or ask for less confidence (--confidence)")")
    }

    private func solve(_ batch: RecordedBatch, budget: Double) throws(OptimizationError) -> Plan {
        let program = AssignmentProgram(
            options: batch.options, weights: .only(.accuracy), budget: min(budget, Self.greatest),
            timeLimit: .seconds(10), gap: 1e-4)
        let solution: AssignmentSolution
        let pessimistic: Double
        if confidence > 0.5 {
            let robust = RobustBudget(
                confidence: confidence, variances: batch.variances, sharedDeviation: Self.sharedDeviation)
            let plan = try robust.solve(program)
            solution = plan.solution
            pessimistic = plan.pessimisticCost
        } else {
            solution = try AssignmentSolver().solve(program)
            pessimistic = solution.totals.cost
        }
        // With accuracy as the only weight, the objective is the sum over rows of (greatest - accuracy) / range.
        let accuracies = batch.options.flatMap { $0.compactMap { $0?.accuracy } }
        let range = (accuracies.max() ?? 0) - (accuracies.min() ?? 0)
        let missing = max(0, solution.objective - solution.bound) * range / Double(batch.rows.count)
        let accuracy = solution.totals.meanAccuracy
        return Plan(
            choice: solution.choice, planned: BatchTotals(costUSD: solution.totals.cost / 1e9, accuracy: accuracy),
            pessimisticCostUSD: pessimistic / 1e9, accuracyBound: min(1, accuracy + missing))
    }

    /// The least budget, up to whole micro-USD, that there is a plan for: the tangent of `RobustBudget` at the
    /// cheapest plan, row by row, raised until the solver agrees.
    private func leastBudget(_ batch: RecordedBatch) -> Money? {
        let z = confidence > 0.5 ? Normal.quantile(confidence) : 0
        let costs = batch.options.map { $0.map { $0?.cost ?? .infinity } }
        let variance = zip(costs, batch.variances).reduce(0) { sum, row in
            sum + (row.0.indices.min { row.0[$0] < row.0[$1] }.map { row.1[$0] } ?? 0)
        }
        let root = max(1, variance).squareRoot()
        var least = zip(costs, batch.variances).reduce(z * root / 2) { sum, row in
            let amounts = zip(row.0, row.1).map { $0 * (1 + z * Self.sharedDeviation) + z * $1 / (2 * root) }
            return sum + (amounts.min() ?? 0)
        }
        for _ in 0..<20 {
            least = (least / 1000).rounded(.up) * 1000
            guard least < Self.greatest else { return nil }
            if (try? solve(batch, budget: least)) != nil { return Money(nanoUSD: Int64(least)) }
            least *= 1.002
        }
        return nil
    }
}
