import Domain
import Optimization
import Routing
import Training

/// A budget for a whole batch, and how sure one wants to be that the true cost keeps it.
struct BatchBudget: Sendable {
    var budget: Money
    /// Share of batches whose true cost has to stay within the budget, 0.5 ..< 1; at 0.5 the predicted cost has to.
    var confidence: Double

    /// The plan of the greatest predicted accuracy.
    /// - Throws: `Exit` 65 with the least budget that would do, or with the solver's own words.
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

    /// In whole micro-USD.
    private func leastBudget(_ batch: RecordedBatch) -> Money? {
        guard let least = RecordedPlan.leastBudget(batch, confidence: confidence), least < RecordedPlan.greatestBudget
        else { return nil }
        return Money(nearestNanoUSD: (least / 1000).rounded(.up) * 1000)
    }
}
