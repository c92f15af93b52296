import ArgumentParser
import Catalog
import Domain
import Foundation
import JSON
import Ledger

/// `hera ledger`: verify and copy the ledger.
struct LedgerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger", abstract: "Verify, back up and copy the ledger.",
        subcommands: [Verify.self, Backup.self, Copy.self])

    /// `hera ledger verify`
    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify",
            abstract: "Recompute every budget total and every roll-up from the entries, and name each difference.",
            discussion: """
                Also recomputes the price of every call from its usage and the catalog's price of its date, where the catalog \
                still has that price. Ends with 65 where there is a difference. The service may run meanwhile.
                """)

        @OptionGroup var database: DatabaseOption

        @OptionGroup var installation: InstallationOptions

        @Option(name: .long, help: "Output format: text or json.")
        var format: OutputFormat = .text

        func run() async throws {
            var isSound = true
            let prices = CatalogPricing(try? Installation.catalog(installation))
            try await LedgerAccess.run(database, config: installation.config) { (ledger) throws(LedgerError) in
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

extension LedgerCommand {
    /// `hera ledger copy`
    struct Copy: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "copy", abstract: "Copy a whole ledger into an empty database of any kind.",
            discussion: """
                Example: hera ledger copy sqlite:hera.sqlite postgres://hera@db/hera

                Stop the services that write to the source first. The copy is one transaction, and every total in it is \
                recomputed and compared. On a failure nothing is kept. Calls in flight when the services ended are \
                booked as uncertain when the first service starts on the copy.
                """)

        @Argument(help: "The ledger to copy: sqlite:PATH or postgres://user@host/database.")
        var source: String

        @Argument(help: "An empty database, or one that does not exist yet (SQLite).")
        var target: String

        func run() async throws {
            try await Exit.mapped {
                var (from, into) = (DatabaseOption(), DatabaseOption())
                (from.database, into.database) = (source, target)
                guard source != target else { throw Exit(64, "the source and the target are the same ledger") }
                let ledger = try Installation.ledger(from)
                let copy: LedgerStore
                do {
                    copy = try Installation.ledger(into)
                } catch {
                    await ledger.close()
                    throw error
                }
                let bar = ProgressBar()
                let result: Result<CopyReport, LedgerError>
                do throws(LedgerError) {
                    result = .success(
                        try await ledger.copy(into: copy) { progress in
                            bar.show(
                                Double(progress.rows) / Double(max(progress.totalRows, 1)),
                                "\(bar.rate(Int(progress.rows), "rows")), \(progress.table)")
                        })
                } catch {
                    result = .failure(error)
                }
                bar.clear()
                await ledger.close()
                await copy.close()
                try Self.show(result)
            }
        }

        private static func show(_ result: Result<CopyReport, LedgerError>) throws {
            switch result {
            case .success(let report):
                let verification = report.verification
                print(
                    "copied \(report.rows) rows; \(verification.entries) entries, \(verification.budgetTotals) budget "
                        + "totals and \(verification.rollups) roll-ups of the copy recomputed: "
                        + (verification.isSound ? "all agree" : "the same differences as in the source"))
                for difference in verification.differences { print(difference.description) }
            case .failure(let error): throw Exit(LedgerAccess.code(of: error), error.description)
            }
        }
    }
}
