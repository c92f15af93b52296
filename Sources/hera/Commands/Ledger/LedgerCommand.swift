import ArgumentParser
import Catalog
import Domain
import Foundation
import JSON
import Ledger

/// `hera ledger`: the books themselves.
struct LedgerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger", abstract: "Check and copy the books.", subcommands: [Verify.self, Copy.self])

    /// `hera ledger verify`
    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify",
            abstract: "Recompute every budget total and every roll-up from the entries, and name each difference.",
            discussion: """
                Prices every call anew, too, from what it used and from the catalog's price of its date, where the \
                catalog has the price that it was booked with. Ends with 65 where there is a difference. The service \
                may run meanwhile.
                """)

        @OptionGroup var database: DatabaseOption

        @OptionGroup var places: InstallationOptions

        @Option(name: .long, help: "text or json.")
        var format: OutputFormat = .text

        func run() async throws {
            var isSound = true
            let prices = CatalogPricing(try? Installation.catalog(places))
            try await LedgerAccess.run(database) { (ledger) throws(LedgerError) in
                let report = try await ledger.read { try $0.verify(prices: prices.pricing) }
                isSound = report.isSound
                show(report)
            }
            if !isSound { throw ExitCode(65) }
        }

        private func show(_ report: VerificationReport) {
            switch format {
            case .text:
                print(
                    "\(report.entries) entries, \(report.budgetTotals) budget totals, \(report.rollups) roll-ups, "
                        + (report.repriced.map { "\($0) calls priced anew: " } ?? "no catalog: ")
                        + (report.isSound ? "all agree" : "\(report.differences.count) differences"))
                for difference in report.differences { print(difference.description) }
            case .json:
                var writer = JSONWriter()
                writer.object { verification in
                    verification.member("sound", report.isSound)
                    verification.member("entries", report.entries)
                    verification.member("budget_totals", report.budgetTotals)
                    verification.member("rollups", report.rollups)
                    verification.member("repriced", report.repriced)
                    verification.member(
                        "differences",
                        array: { differences in
                            for difference in report.differences {
                                differences.object {
                                    $0.member("figure", difference.figure)
                                    $0.member("kept", difference.kept)
                                    $0.member("recomputed", difference.recomputed)
                                }
                            }
                        })
                }
                print(String(decoding: writer.bytes, as: UTF8.self))
            }
        }
    }
}
