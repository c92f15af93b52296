import ArgumentParser
import Domain
import Foundation
import JSON
import Ledger
import Server
import Steps

/// `hera dashboard`: spending, savings and energy from the ledger.
struct DashboardCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dashboard", abstract: "Cost dashboards from the ledger.", subcommands: [Export.self])

    /// `hera dashboard export`
    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "export", abstract: "Write a dashboard as JSON or CSV, or a dashboard for Grafana.",
            discussion: """
                Amounts are exact decimals in USD. The baseline is the same calls on the reference model. `grafana` writes a \
                dashboard over the metrics of GET /metrics, to import in Grafana with a Prometheus source; it reads no ledger.
                """)

        enum Format: String, ExpressibleByArgument, CaseIterable {
            case json, csv, grafana
        }

        @Option(
            name: .long,
            help: "Start: 2026-11-21, 2026-11-21T17:00:00Z or seconds since 1970. Default: 30 days ago.")
        var from: String?

        @Option(name: .long, help: "End, exclusive. Default: now.")
        var to: String?

        @Option(
            name: .customLong("group-by"), help: "Dimensions separated by commas: model, provider, key, job, day, ...")
        var groupBy = "model"

        @Option(name: .long, help: "json, csv or grafana.")
        var format: Format = .json

        @OptionGroup var installation: InstallationOptions
        @OptionGroup var database: DatabaseOption

        func run() async throws {
            if format == .grafana { return print(GrafanaDashboard.json) }
            try await Exit.mapped {
                let query: DashboardQuery
                do {
                    query = try DashboardQuery(from: from, to: to, groupBy: groupBy, now: .now())
                } catch {
                    throw Exit(64, "\(error)")
                }
                let settings = try Installation.settings(installation)
                let ledger = try Installation.ledger(database, config: installation.config)
                do {
                    let report = try await ledger.read { try $0.dashboard(query) }
                    switch format {
                    case .json: print(String(decoding: report.document(economics: settings.economics), as: UTF8.self))
                    case .csv: print(DashboardTable(report).csv)
                    case .grafana: break
                    }
                } catch let error as LedgerError {
                    throw Exit(74, error.description)
                }
                await ledger.close()
            }
        }
    }
}

/// A dashboard as a flat table.
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

    /// A cell of text. A value that a spreadsheet would compute gets an apostrophe before it (OWASP, "CSV injection").
    static func quoted(_ text: String) -> String {
        let start = text.drop { $0 == " " || $0 == "\u{feff}" }.first
        let text = start.map { "=+-@\t\r\n\u{ff1d}\u{ff0b}\u{ff0d}\u{ff20}".contains($0) } ?? false ? "'" + text : text
        guard text.contains(where: { ",\"\n\r".contains($0) }) else { return text }
        return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }
}
