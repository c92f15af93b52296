package import Domain
import JSON
package import Ledger

/// What a batch's budget is expected to do, said before anything is spent.
package struct BatchForecast: Hashable, Sendable {
    /// Rows that are not done yet and that some model can serve.
    package var rows: Int
    /// Those of them that the money and the time do.
    package var affordable: Int
    /// Mean predicted accuracy of the affordable rows, 0...1.
    package var accuracy: Double
    /// Expected of the affordable rows.
    package var cost: Money
    /// What their true cost stays below with the confidence asked for.
    package var pessimisticCost: Money
    /// How far the plan can be from the best one, as a share of its objective; certified by the solver.
    package var gap: Double
    /// What would do all rows, on top of what is spent; nil where time forbids it at any price.
    package var budgetForAll: Money?
    /// The money that is left for these rows; nil for any.
    package var left: Money?
    /// Whose budget leaves no more, where it is not the batch's own.
    package var leftOf: BudgetScope?
    /// How many rows each model does, by the plan.
    package var share: [String: Int]
    /// How many of these rows go to their model's provider as a batch of its own, at its price for that.
    package var batchShare: [String: Int] = [:]

    package var sufficesForAll: Bool { affordable == rows }
}

extension BatchForecast {
    /// For people; one line each.
    package var lines: [String] {
        guard rows > 0 else { return [] }
        var lines = [
            "\(affordable) of \(rows) rows, expected accuracy \(Self.percent(accuracy)), expected cost $\(cost) "
                + "(below $\(pessimisticCost) with the confidence asked for), gap \(Self.percent(gap))"
        ]
        if affordable > 0 {
            lines.append(
                "by model: "
                    + share.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map {
                        "\($0.key) \($0.value)\(tier($0.key))"
                    }
                    .joined(separator: ", "))
        }
        if !sufficesForAll { lines.append(shortage) }
        return lines
    }

    private func tier(_ model: String) -> String {
        batchShare[model].map { " (\($0) as a batch of its provider's, at the price of the tier batch)" } ?? ""
    }

    /// Why not all rows can be done, and what would do them.
    package var shortage: String {
        var have = left.map { "$\($0) left" } ?? "the time left"
        if let leftOf { have += " of the budget of \(leftOf)" }
        let want =
            budgetForAll.map { "$\($0) would do all on their cheapest models" }
            ?? "no budget does all in the time left: a later deadline, or more calls at the same time, may"
        return "\(have) \(left == nil ? "does" : "do") \(affordable) of \(rows) rows; \(want)"
    }

    package var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { object in
            object.member("rows", rows)
            object.member("affordable", affordable)
            object.member("accuracy", accuracy)
            object.member("cost_usd", cost.usd)
            object.member("pessimistic_cost_usd", pessimisticCost.usd)
            object.member("gap", gap)
            object.member("budget_for_all_usd", budgetForAll?.usd)
            object.member("left_usd", left?.usd)
            object.member("left_of", leftOf?.description)
            object.member(
                "models",
                object: { models in
                    for (model, count) in share.sorted(by: { $0.key < $1.key }) { models.member(model, count) }
                })
            let batches = batchShare.values.reduce(0, +)
            guard batches > 0 else { return }
            object.member(
                "tiers",
                object: { tiers in
                    tiers.member(ServiceTier.batch.rawValue, batches)
                    tiers.member("calls", affordable - batches)
                })
        }
        return writer.bytes
    }

    private static func percent(_ share: Double) -> String {
        let hundredths = Int((share * 10_000).rounded())
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100) %"
    }
}
