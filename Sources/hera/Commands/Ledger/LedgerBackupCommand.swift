import ArgumentParser
import Foundation
import JSON
import Ledger

extension LedgerCommand {
    /// `hera ledger backup`
    struct Backup: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "backup", abstract: "Copy a SQLite ledger into a new file while services write to it.",
            discussion: """
                The copy has everything that was booked before it began. It is checked, synced, and named last. To restore, \
                stop the service and put the file in the ledger's place, without the old -wal and -shm files.

                Example: hera ledger backup /var/backups/hera-$(date +%F).sqlite
                """)

        @Argument(help: "The new file; one that exists is not replaced.")
        var file: String

        @Option(name: .long, help: "Output format: text or json.")
        var format: OutputFormat = .text

        @OptionGroup var database: DatabaseOption

        func run() async throws {
            try await Exit.mapped {
                let location = try database.location().path
                let backup: LedgerBackup
                do throws(LedgerError) {
                    backup = try LedgerBackup(of: location, to: file)
                } catch {
                    throw Exit(Self.code(of: error), error.description)
                }
                guard format == .json else {
                    return print("\(file): \(backup.entries) entries, \(backup.bytes) bytes, checked and on disk")
                }
                var writer = JSONWriter()
                writer.object {
                    $0.member("file", file)
                    $0.member("entries", backup.entries)
                    $0.member("bytes", backup.bytes)
                }
                print(String(decoding: writer.bytes, as: UTF8.self))
            }
        }

        private static func code(of error: LedgerError) -> Int32 {
            switch error {
            case .invalid: 73
            case .cannotOpen(_, "there is no such file"): 66
            default: LedgerAccess.code(of: error)
            }
        }
    }
}
