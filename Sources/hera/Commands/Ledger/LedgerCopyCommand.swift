import ArgumentParser
import Domain
import Ledger

extension LedgerCommand {
    /// `hera ledger copy`
    struct Copy: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "copy", abstract: "Copy a whole ledger into an empty database of any kind.",
            discussion: """
                Example: hera ledger copy sqlite:hera.sqlite postgres://hera@db/hera

                Stop the services that write to the source first. The copy is one transaction: it is whole and every \
                total in it is recomputed and compared, or nothing is kept. What was under way when the services ended \
                is booked as uncertain when the first service starts on the copy.
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
                            bar.show(Double(progress.rows) / Double(max(progress.totalRows, 1)), progress.table)
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
