import Domain
import Foundation
import Routing

/// A decision as text for people.
enum DecisionTable {
    /// - Parameter onlyFront: leaves out candidates that another one beats in everything.
    static func text(_ decision: Decision, onlyFront: Bool = false) -> String {
        var lines = [
            "\(decision.model)  [\(decision.stage.rawValue)]  position \(decision.position)  kappa "
                + String(format: "%.2f", decision.kappa),
            decision.reason, "",
        ]
        let able =
            onlyFront
            ? decision.front
            : decision.candidates.filter { $0.rejection == nil }.sorted { $0.cost.total < $1.cost.total }
        let width = max(10, able.map(\.model.rawValue.count).max() ?? 0)
        lines.append(
            pad("model", width) + "       p  similar      cost USD  seconds   joules  from")
        for candidate in able {
            let mark = candidate.model == decision.model ? "*" : candidate.model == decision.reference ? "r" : " "
            let similarity = candidate.similarity.map { String(format: "%.2f", $0) } ?? "-"
            lines.append(
                pad(candidate.model.rawValue, width) + " \(mark) "
                    + String(format: "%6.2f", candidate.prediction.quality)
                    + String(repeating: " ", count: max(1, 9 - similarity.count)) + similarity
                    + String(
                        format: "%14.7f%9.1f%9.1f", candidate.cost.total.usd, candidate.latencySeconds,
                        candidate.energyJoules)
                    + "  \(candidate.prediction.basis)")
        }
        let rejected = decision.candidates.filter { $0.rejection != nil }
        if !rejected.isEmpty { lines.append("") }
        for candidate in rejected { lines.append("\(candidate.model): \(candidate.rejection ?? "")") }
        lines.append("")
        lines += decision.considered
        lines.append(
            "* chosen, r reference; if it fails: \(decision.fallbacks.prefix(3).map(\.rawValue).joined(separator: ", "))"
        )
        return lines.joined(separator: "\n")
    }

    private static func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
