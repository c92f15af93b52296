import Domain
import Routing
import Steps
import Training

extension DrySavings {
    /// The report for people.
    var text: String {
        var rows = [["model", "before", "with hera"]]
        for (model, sums) in models.sorted(by: { ($1.value.chosen, $0.key) < ($0.value.chosen, $1.key) }) {
            rows.append([model.rawValue, "\(sums.asked)", "\(sums.chosen)"])
        }
        rows.append(["together", "\(calls)", "\(calls)"])
        return ([TextTable(rows).text, ""] + sentences).joined(separator: "\n")
    }

    private var sentences: [String] {
        var lines = ["\(calls) calls cost $\(cost). The policy would move \(moved) of them to other models."]
        if let savedShare {
            let between = savedInterval.map {
                " (95 %: \(Self.percent($0.lowerBound)) to \(Self.percent($0.upperBound)))"
            }
            let rest = between ?? ", by the same tokens at other prices: fewer than \(Self.leastTrials) trials"
            lines.append(
                savedShare >= 0
                    ? "It would save \(Self.percent(savedShare)) of the cost\(rest)."
                    : "It would cost \(Self.percent(-savedShare)) more\(rest).")
        }
        guard trials > 0 else { return lines + ["No moved call was tried, so nothing is known of the answers."] }
        lines.append(
            "Of \(trials) moved calls that were tried, \(Self.percent(agreementInterval.mean)) gave the same answer. "
                + "So \(Self.percent(changed.mean)) of all answers would change "
                + "(95 %: \(Self.percent(changed.low)) to \(Self.percent(changed.high))).")
        return lines
    }

    private static func percent(_ share: Double) -> String { TextTable.fixed(100 * share, 1) + " %" }
}
