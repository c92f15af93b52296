import Domain
import JSON
import Ledger

/// A dashboard as one flat table.
struct DashboardTable {
    private let groups: [String]
    private let rows: [(keys: [String], cells: [String])]
    private static let columns = [
        "calls", "failures", "uncertain", "prompt_tokens", "completion_tokens", "cost_usd", "predicted_cost_usd",
        "baseline_cost_usd", "savings_usd", "energy_j",
    ]

    init(_ report: DashboardReport) {
        groups = report.query.groupBy.map(\.rawValue)
        rows = report.rows.map { row in
            let sums = row.sums
            return (
                row.keys,
                [
                    "\(sums.calls)", "\(sums.failures)", "\(sums.uncertain)", "\(sums.usage.promptTokens)",
                    "\(sums.usage.completionTokens)", sums.cost.total.description, sums.predictedCost.total.description,
                    sums.baselineCost.description, sums.savings.description, "\(sums.energyJoules)",
                ]
            )
        }
    }

    /// RFC 4180, with a heading.
    var csv: String {
        var lines = [(groups + Self.columns).joined(separator: ",")]
        lines += rows.map { ($0.keys.map(Self.quoted) + $0.cells).joined(separator: ",") }
        return lines.joined(separator: "\n")
    }

    /// The table form that Grafana's JSON data sources read: `[{"type": "table", "columns": [...], "rows": [...]}]`.
    var grafana: String {
        var writer = JSONWriter()
        writer.array { list in
            list.object { table in
                table.member("type", "table")
                table.member(
                    "columns",
                    array: { columns in
                        for (name, type) in groups.map({ ($0, "string") }) + Self.columns.map({ ($0, "number") }) {
                            columns.object { column in
                                column.member("text", name)
                                column.member("type", type)
                            }
                        }
                    })
                table.member(
                    "rows",
                    array: { list in
                        for row in rows {
                            list.array { cells in
                                for key in row.keys { cells.element(key) }
                                for cell in row.cells { cells.element(raw: cell.utf8) }
                            }
                        }
                    })
            }
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private static func quoted(_ text: String) -> String {
        guard text.contains(where: { ",\"\n\r".contains($0) }) else { return text }
        return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }
}
