import ArgumentParser
import Domain
import Ledger

/// `hera keys`: who may use the service.
struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Make, list and revoke the keys that callers show.",
        subcommands: [Create.self, List.self, Revoke.self])

    /// `hera keys create`
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create",
            abstract: "Make a key and print it once; the ledger keeps a salted hash of it.",
            discussion: "Example: hera keys create --team red --budget 20/month --rpm 60 --tpm 100000")

        @Option(name: .long, help: "The team whose budgets the key's calls count for as well.")
        var team: String?

        @Option(name: .long, help: "What the key is for.")
        var label = ""

        @Option(name: .long, help: "20/month, 1000000tokens/day, 500J/week, 5/rolling:18000; may be given repeatedly.")
        var budget: [String] = []

        @Option(name: .long, help: "Most requests a minute.")
        var rpm: Int?

        @Option(name: .long, help: "Most tokens a minute.")
        var tpm: Int?

        @Option(name: .long, help: "The only models that the key may use, separated by commas.")
        var models: String?

        @Option(name: .long, help: "Models that the key may not use, separated by commas.")
        var deny: String?

        @Option(name: .long, help: "The policy of calls that name none.")
        var policy: String?

        @Option(name: .long, help: "When the key ends: 2026-12-31, or a moment in ISO 8601.")
        var expires: Timestamp?

        @OptionGroup var database: DatabaseOption

        func run() async throws {
            let key = AccessKey(
                team: team, label: label, createdAt: .now(), expiresAt: expires,
                models: ModelFilter(allow: list(models), deny: list(deny)), policy: policy, requestsPerMinute: rpm,
                tokensPerMinute: tpm)
            let budgets = try LedgerAccess.argument { () throws(LedgerError) in
                var budgets: [Budget] = []
                for text in budget { budgets.append(try Budget(text, scope: .key(key.id))) }
                return budgets
            }
            try await LedgerAccess.run(database) { (ledger) throws(LedgerError) in
                print(try await ledger.createKey(key, budgets: budgets))
                Exit.tell("this key is shown now and never again; revoke it with `hera keys revoke \(key.id)`")
            }
        }

        private func list(_ text: String?) -> [ModelID] {
            (text ?? "").split(separator: ",").map { ModelID($0.trimmingPrefix(" ").description) }
        }
    }

    /// `hera keys list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "All keys, the oldest first.")

        @OptionGroup var database: DatabaseOption

        @Option(name: .long, help: "text or json.")
        var format: OutputFormat = .text

        func run() async throws {
            try await LedgerAccess.run(database) { (ledger) throws(LedgerError) in
                let keys = try await ledger.read { try $0.keys() }
                let budgets = try await ledger.read { try $0.budgets(of: keys.map { .key($0.id) }, at: .now()) }
                switch format {
                case .text: print(KeyListing(keys, budgets: budgets, at: .now()).text)
                case .json: print(KeyListing(keys, budgets: budgets, at: .now()).json)
                }
            }
        }
    }

    /// `hera keys revoke`
    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "revoke", abstract: "End a key, from the next call on and on every node.")

        @Argument(help: "The key's id, as `hera keys list` shows it.")
        var id: String

        @OptionGroup var database: DatabaseOption

        func run() async throws {
            try await LedgerAccess.run(database) { (ledger) throws(LedgerError) in
                try await ledger.write { try $0.revokeKey(id, at: .now()) }
                print("revoked \(id)")
            }
        }
    }
}
