import Domain
import Foundation
import JSON
import Ledger

/// A job's events and totals as text for people.
enum JobText {
    /// What an event says; nil where it says nothing new.
    static func line(_ event: NewJobEvent) -> String? {
        guard let root = try? JSONDocument(event.data).root else { return nil }
        switch event.type {
        case "step.completed": return step(root)
        case "tool.completed":
            return
                "        \(root["name"]?.string ?? "") \(root["arguments"]?.string ?? "") = \(root["output"]?.string ?? "")"
        case "job.failed": return "failed: \(root["error"]?.string ?? "")"
        case "job.requires_action":
            let names = root["tool_calls"]?.elements.compactMap { $0["function"]?["name"]?.string } ?? []
            return "waits for outputs of: \(names.joined(separator: ", "))"
        default: return nil
        }
    }

    private static func step(_ root: JSONValue) -> String {
        let name = root["subtask"]?.string.map { " \($0)" } ?? ""
        let output = root["output"]?.string ?? ""
        let calls =
            root["tool_calls"]?.elements.compactMap { $0["function"]?["name"]?.string }.joined(separator: ", ") ?? ""
        return """
            step \(root["position"]?.integer ?? 0)\(name)  kappa \(decimals(root["kappa"], 2))  \
            \(root["answered_by"]?.string ?? "")  [\(root["stage"]?.string ?? "")]
                    \(root["reason"]?.string ?? "")
                    predicted \(figures(root["predicted"]))
                    true      \(figures(root["actual"]))
                    \(calls.isEmpty ? "" : "calls \(calls) ")\(output.replacingOccurrences(of: "\n", with: "\n        "))
            """
    }

    /// The last lines: the answer, and what it took against everything on the reference.
    static func totals(_ document: [UInt8]) -> String {
        guard let root = try? JSONDocument(document).root, let totals = root["totals"] else { return "" }
        let output = root["output"]?.string.map { "\n\($0)\n" } ?? ""
        return """
            \(output)
            \(root["status"]?.string ?? ""): \(totals["steps"]?.integer ?? 0) steps, \(figures(totals))
            all on the reference: $\(totals["baseline_cost_usd"]?.numberText ?? "0")  \
            \(decimals(totals["baseline_latency_s"], 1)) s  \(decimals(totals["baseline_energy_j"], 1)) J
            """
    }

    private static func figures(_ value: JSONValue?) -> String {
        "$\(value?["cost_usd"]?.numberText ?? "?")  \(decimals(value?["latency_s"], 1)) s  \(decimals(value?["energy_j"], 1)) J"
    }

    private static func decimals(_ value: JSONValue?, _ count: Int) -> String {
        String(format: "%.\(count)f", value?.double ?? 0)
    }
}
