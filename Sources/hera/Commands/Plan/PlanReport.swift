import Domain
import Estimation
import JSON
import Optimization
import Routing
import Training

/// A plan of recorded rows with its predicted and realised figures, as text and as JSON.
struct PlanReport: Sendable {
    let batch: RecordedBatch
    let budget: BatchBudget
    let plan: RecordedPlan
    /// The effect of the budget on the plan, as text; nil where the budget is not binding.
    let effect: String?

    private var realised: BatchTotals { batch.realised(plan.choice) }

    /// The gap between planned accuracy and bound, relative to the bound.
    private var gap: Double {
        plan.accuracyBound > 0 ? max(0, 1 - plan.planned.accuracy / plan.accuracyBound) : 0
    }

    /// Rows by model, in descending order.
    private var rowsByModel: [(model: String, rows: Int)] {
        var counts = [Int](repeating: 0, count: batch.models.count)
        for model in plan.choice { counts[model] += 1 }
        let used = counts.indices.filter { counts[$0] > 0 }
        return used.sorted { (-counts[$0], batch.models[$0]) < (-counts[$1], batch.models[$1]) }
            .map { (batch.models[$0], counts[$0]) }
    }

    /// The object of the evaluation contract. Costs are those of the whole batch.
    var json: [UInt8] {
        var json = JSONWriter()
        json.object {
            $0.member("planned", object: { Self.write(plan.planned, to: &$0) })
            $0.member("realised", object: { Self.write(realised, to: &$0) })
            $0.member("bound", plan.accuracyBound)
            $0.member("gap", gap)
            $0.member("rows", batch.rows.count)
            $0.member("models", batch.models.count)
            $0.member("left_out", batch.leftOut.count)
            $0.member("budget_usd", budget.budget.usd)
            $0.member("confidence", budget.confidence)
            $0.member("pessimistic_cost_usd", plan.pessimisticCostUSD)
            $0.member("replans", plan.replans)
            if let effect { $0.member("effect", effect) }
            $0.member(
                "rows_by_model",
                object: { json in for entry in rowsByModel { json.member(entry.model, entry.rows) } })
        }
        return json.bytes
    }

    /// Tables for the terminal.
    var text: String {
        func row(_ name: String, _ totals: BatchTotals) -> [String] {
            [name, TextTable.fixed(totals.costUSD, 6), TextTable.fixed(100 * totals.accuracy, 2)]
        }
        let totals = TextTable([
            ["", "cost, USD", "accuracy, %"], row("planned", plan.planned), row("realised", realised),
        ])
        let models = TextTable([["model", "rows"]] + rowsByModel.map { [$0.model, String($0.rows)] })
        func percent(_ share: Double, _ digits: Int) -> String { TextTable.fixed(100 * share, digits) + " %" }
        let spent = realised.costUSD <= budget.budget.usd ? "kept" : "passed"
        return """
            \(batch.rows.count) rows, \(batch.models.count) models, a budget of \(budget.budget) USD: \(spent)

            \(totals.text)

            No plan with this margin can pass a predicted \(percent(plan.accuracyBound, 2)) (gap \(percent(gap, 3))).
            \(effect.map { "\($0.prefix(1).uppercased())\($0.dropFirst())." } ?? "The budget binds nothing: every row is on its best model.")
            The cost stays below \(TextTable.fixed(plan.pessimisticCostUSD, 6)) USD with a confidence of \(budget.confidence).

            \(models.text)
            """
    }

    private static func write(_ totals: BatchTotals, to json: inout JSONWriter) {
        json.member("cost_usd", totals.costUSD)
        json.member("accuracy", totals.accuracy)
    }
}

/// The budget of a whole batch, and the confidence that its true cost stays within it.
struct BatchBudget: Sendable {
    var budget: Money
    /// Share of batches whose true cost stays within the budget, 0.5 ..< 1. At 0.5 the predicted cost does.
    var confidence: Double

    /// The plan of the greatest predicted accuracy.
    /// - Throws: `Exit` 65 with the least sufficient budget, or 70 with the solver's message.
    func plan(_ batch: RecordedBatch) throws(Exit) -> RecordedPlan {
        do {
            return try RecordedPlan(batch, budget: Double(budget.nanoUSD), confidence: confidence)
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

    /// Rounded up to micro-USD.
    private func leastBudget(_ batch: RecordedBatch) -> Money? {
        guard let least = RecordedPlan.leastBudget(batch, confidence: confidence), least < RecordedPlan.greatestBudget
        else { return nil }
        return Money(nearestNanoUSD: (least / 1000).rounded(.up) * 1000)
    }
}
