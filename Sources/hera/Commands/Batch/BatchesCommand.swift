import ArgumentParser
import Domain
import JSON
import Ledger
import Steps

/// `hera batches`: list batches, and cancel one.
struct BatchesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "batches", abstract: "List batches, and cancel one.",
        subcommands: [List.self, Cancel.self])

    /// `hera batches list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "List open batches and those with rows at providers, newest first.",
            discussion: "Money reserved for rows at providers stays reserved until their batch goes on or is cancelled."
        )

        @Flag(name: .long, help: "Include batches that have ended.")
        var all = false

        @OptionGroup var database: DatabaseOption

        @Option(name: .long, help: "Output format: text or json.")
        var format: OutputFormat = .text

        func run() async throws {
            try await LedgerAccess.run(database) { (ledger) throws(LedgerError) in
                var listing = BatchListing()
                for batch in try await ledger.read({ try $0.batches(limit: .max) }) {
                    let groups = try await ledger.read { try $0.groups(ofBatch: batch.id) }.filter {
                        $0.phase != .closed
                    }
                    guard all || !batch.status.isFinal || !groups.isEmpty else { continue }
                    listing.add(
                        batch, groups: groups, counts: try await ledger.read { try $0.rowCounts(ofBatch: batch.id) },
                        spent: try await ledger.read { try $0.spent(onBatch: batch.id) })
                }
                switch format {
                case .text: print(listing.text)
                case .json: print(listing.json)
                }
            }
        }
    }

    /// `hera batches cancel`
    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "cancel", abstract: "Cancel a batch: book its answers, release the rest of its money.",
            discussion: """
                A `hera batch` that was stopped keeps the reservations of its rows at providers.
                This cancels the provider batches, waits for that (some minutes at most), books their answers, and releases the
                rest of the money. Answered rows stay answered: the same `hera batch` would still write them, and call
                only the others. A batch received over HTTP is cancelled by the service that runs it.

                Ends with 0 when nothing is open any more, 75 when it was stopped before that or another process works on the
                batch, 65 for an unknown batch.
                """)

        @Argument(help: "The batch's id, as `hera batches list` shows it.")
        var id: String

        @OptionGroup var installation: InstallationOptions
        @OptionGroup var database: DatabaseOption

        func run() async throws {
            try await Exit.mapped {
                let services = try await AppServices(
                    installation: installation, database: database, logger: Installation.logger())
                let canceller = BatchCanceller(services: services, id: id)
                try await services.bookInterruptedCalls()
                await services.run(canceller)
                await services.stepService.ledger.close()
                print(try canceller.result.get())
            }
        }
    }
}

/// Batches with their open rows, as text and as JSON.
struct BatchListing {
    private struct Line {
        let batch: BatchRecord
        let rows: Int64
        let completed: Int64
        let failed: Int64
        let atProviders: Int
        let reserved: Money
        let spent: Money

        /// The status. A stopped command released its batch, whose rows at providers are still processed.
        var status: String {
            let isStopped = batch.inputFileID == nil && batch.status == .cancelled && atProviders > 0
            return isStopped ? "stopped" : batch.status.rawValue
        }
    }

    private var lines: [Line] = []

    /// - Parameter groups: the open groups of its rows at providers.
    mutating func add(
        _ batch: BatchRecord, groups: [ProviderGroup], counts: [BatchRowStatus: Int64], spent: Money
    ) {
        lines.append(
            Line(
                batch: batch, rows: counts.values.reduce(0, +), completed: counts[.completed] ?? 0,
                failed: counts[.failed] ?? 0, atProviders: groups.reduce(0) { $0 + $1.open },
                reserved: Money(nanoUSD: groups.reduce(0) { $0 + $1.reserved.nanoUSD }), spent: spent))
    }

    private static func origin(_ batch: BatchRecord) -> String {
        batch.inputFileID == nil ? "hera batch" : "hera serve"
    }

    var text: String {
        if lines.isEmpty { return "no batch is open; --all shows those that have ended" }
        return lines.map { line in
            var facts = [
                "\(line.completed) of \(line.rows) rows answered" + (line.failed > 0 ? ", \(line.failed) failed" : ""),
                "$\(line.spent) spent",
            ]
            if line.atProviders > 0 {
                facts.append("\(line.atProviders) at providers, $\(line.reserved) set aside for them")
            }
            return "\(line.batch.id)  \(line.status), of \(Self.origin(line.batch)), "
                + "\(line.batch.createdAt): \(facts.joined(separator: "; "))"
        }.joined(separator: "\n")
    }

    var json: String {
        var writer = JSONWriter()
        writer.array { list in
            for line in lines {
                list.object { object in
                    object.member("id", line.batch.id)
                    object.member("status", line.status)
                    object.member("origin", Self.origin(line.batch))
                    object.member("created_at", line.batch.createdAt.description)
                    object.member("rows", Int(line.rows))
                    object.member("completed", Int(line.completed))
                    object.member("failed", Int(line.failed))
                    object.member("at_providers", line.atProviders)
                    object.member("reserved_usd", line.reserved.usd)
                    object.member("spent_usd", line.spent.usd)
                }
            }
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
