import ArgumentParser
import Domain
import Foundation
import Ledger
import Steps

/// `hera dashboard`: what was spent, and what it would have been.
struct DashboardCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dashboard", abstract: "Cost dashboards from the ledger.", subcommands: [Export.self])

    /// `hera dashboard export`
    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "export", abstract: "Write a dashboard as JSON, CSV or a table for Grafana's JSON sources.",
            discussion: "Money is in exact decimals of USD. Baseline is the same calls on the reference model.")

        enum Format: String, ExpressibleByArgument, CaseIterable {
            case json, csv, grafana
        }

        @Option(
            name: .long,
            help: "First moment: 2026-11-21, 2026-11-21T17:00:00Z or seconds since 1970. Default: 30 days ago.")
        var from: String?

        @Option(name: .long, help: "First moment that is left out. Default: now.")
        var to: String?

        @Option(
            name: .customLong("group-by"), help: "Dimensions separated by commas: model, provider, key, job, day, ...")
        var groupBy = "model"

        @Option(name: .long, help: "json, csv or grafana.")
        var format: Format = .json

        @OptionGroup var places: InstallationOptions
        @OptionGroup var database: DatabaseOption

        func run() async throws {
            try await Exit.mapped {
                let query: DashboardQuery
                do {
                    query = try DashboardQuery(from: from, to: to, groupBy: groupBy, now: .now())
                } catch {
                    throw Exit(64, "\(error)")
                }
                let settings = try Installation.settings(places)
                let ledger = try Installation.ledger(database)
                do {
                    let report = try await ledger.read { try $0.dashboard(query) }
                    switch format {
                    case .json: print(String(decoding: report.document(economics: settings.economics), as: UTF8.self))
                    case .csv: print(DashboardTable(report).csv)
                    case .grafana: print(DashboardTable(report).grafana)
                    }
                } catch let error as LedgerError {
                    throw Exit(74, error.description)
                }
                await ledger.close()
            }
        }
    }
}
