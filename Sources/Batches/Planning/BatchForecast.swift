package import Domain
import JSON
package import Ledger

/// Forecast of a batch under its budget, made before any money is spent.
package struct BatchForecast: Hashable, Sendable {
    /// Open rows that at least one model can serve.
    package var rows: Int
    /// Those of them that money and time cover.
    package var affordable: Int
    /// Mean predicted accuracy of the affordable rows, 0...1.
    package var accuracy: Double
    /// Expected cost of the affordable rows.
    package var cost: Money
    /// Upper bound of their actual cost at the confidence of the options.
    package var pessimisticCost: Money
    /// Certified optimality gap, as a share of the objective.
    package var gap: Double
    /// Additional budget that covers all rows; nil where time forbids it at any price.
    package var budgetForAll: Money?
    /// Money left; nil for no limit.
    package var left: Money?
    /// The budget that limits `left`; nil for the batch's own.
    package var leftOf: BudgetScope?
    /// Planned rows by model.
    package var share: [String: Int]
    /// Those of them in provider batches, at the price of the tier `batch`.
    package var batchShare: [String: Int] = [:]

    package var sufficesForAll: Bool { affordable == rows }
}

extension BatchForecast {
    /// Human-readable lines.
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

    /// Why not all rows are covered, and which budget would cover them.
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
