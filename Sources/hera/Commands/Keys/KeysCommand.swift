import ArgumentParser
import Domain
import JSON
import Ledger

/// `hera keys`: create, list and revoke access keys.
struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Create, list and revoke access keys.",
        subcommands: [Create.self, List.self, Revoke.self, Changes.self])

    /// `hera keys create`
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create",
            abstract: "Create a key and print it once. The ledger stores a salted hash.",
            discussion: "Example: hera keys create --team red --budget 20/month --rpm 60 --tpm 100000")

        @Option(name: .long, help: "Team whose budgets the key's calls also count against.")
        var team: String?

        @Option(name: .long, help: "Description of the key.")
        var label = ""

        @Option(name: .long, help: "20/month, 1000000tokens/day, 500J/week, 5/rolling:18000; may be given repeatedly.")
        var budget: [String] = []

        @Option(name: .long, help: "Most requests per minute.")
        var rpm: Int?

        @Option(name: .long, help: "Most tokens per minute.")
        var tpm: Int?

        @Option(name: .long, help: "Most calls at the same time, on each node.")
        var concurrent: Int?

        @Option(name: .long, help: "The only models that the key may use, separated by commas.")
        var models: String?

        @Option(name: .long, help: "Models that the key may not use, separated by commas.")
        var deny: String?

        @Option(name: .long, help: "Policy of calls that name none.")
        var policy: String?

        @Option(name: .long, help: "End of the key's validity: 2026-12-31, or an ISO 8601 time.")
        var expires: Timestamp?

        @OptionGroup var database: DatabaseOption

        @Option(name: .long, help: "Output format: text (the key alone) or json.")
        var format: OutputFormat = .text

        func run() async throws {
            let key = AccessKey(
                team: team, label: label, createdAt: .now(), expiresAt: expires,
                models: ModelFilter(allow: list(models), deny: list(deny)), policy: policy, requestsPerMinute: rpm,
                tokensPerMinute: tpm, concurrentCalls: concurrent)
            let budgets = try LedgerAccess.argument { () throws(LedgerError) in
                var budgets: [Budget] = []
                for text in budget { budgets.append(try Budget(text, scope: .key(key.id))) }
                return budgets
            }
            try await LedgerAccess.run(database) { (ledger) throws(LedgerError) in
                let secret = try await ledger.createKey(key, budgets: budgets, by: LedgerAccess.actor)
                switch format {
                case .text: print(secret)
                case .json: print(Self.json(id: key.id, secret: secret))
                }
                Exit.printError("this key is shown now and never again; revoke it with `hera keys revoke \(key.id)`")
            }
        }

        /// `{"id", "key"}`; the other members are those of `hera keys list`.
        static func json(id: String, secret: String) -> String {
            var writer = JSONWriter()
            writer.object { object in
                object.member("id", id)
                object.member("key", secret)
            }
            return String(decoding: writer.bytes, as: UTF8.self)
        }

        private func list(_ text: String?) -> [ModelID] {
            (text ?? "").split(separator: ",").map { ModelID($0.trimmingPrefix(" ").description) }
        }
    }

    /// `hera keys list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "List all keys, oldest first.")

        @OptionGroup var database: DatabaseOption

        @Option(name: .long, help: "Output format: text or json.")
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
            commandName: "revoke", abstract: "Revoke a key, from the next call on and on every node.")

        @Argument(help: "The key's id, as `hera keys list` shows it.")
        var id: String

        @OptionGroup var database: DatabaseOption

        func run() async throws {
            try await LedgerAccess.run(database) { (ledger) throws(LedgerError) in
                try await ledger.write { try $0.revokeKey(id, at: .now(), by: LedgerAccess.actor) }
                print("revoked \(id)")
            }
        }
    }
}

extension KeysCommand {
    /// `hera keys changes`
    struct Changes: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "changes", abstract: "List who made and revoked keys and changed budgets, newest first.")

        @Option(name: .long, help: "Most lines.")
        var limit = 100

        @OptionGroup var database: DatabaseOption

        @Option(name: .long, help: "Output format: text or json.")
        var format: OutputFormat = .text

        func run() async throws {
            try await LedgerAccess.run(database) { (ledger) throws(LedgerError) in
                let changes = try await ledger.read { try $0.accessChanges(limit: limit) }
                if format == .json {
                    print(Self.json(changes))
                    return
                }
                for change in changes {
                    let detail = change.detail.isEmpty ? "" : ": \(change.detail)"
                    print("\(change.at)  \(change.actor)  \(change.action.rawValue)  \(change.target)\(detail)")
                }
            }
        }

        /// A list of `{"at", "actor", "action", "target", "detail"}`, newest first.
        static func json(_ changes: [AccessChange]) -> String {
            var writer = JSONWriter()
            writer.array { list in for change in changes { list.object { change.write(into: &$0) } } }
            return String(decoding: writer.bytes, as: UTF8.self)
        }
    }
}

/// Keys with their budgets, as text and as JSON.
struct KeyListing {
    private let keys: [AccessKey]
    private let budgets: [BudgetStatus]
    private let moment: Timestamp

    init(_ keys: [AccessKey], budgets: [BudgetStatus], at moment: Timestamp) {
        self.keys = keys
        self.budgets = budgets
        self.moment = moment
    }

    var text: String {
        if keys.isEmpty { return "no keys; make one with `hera keys create`" }
        return keys.map { key in
            var facts = [key.fault(at: moment) == nil ? "valid" : key.revokedAt == nil ? "expired" : "revoked"]
            if let team = key.team { facts.append("team \(team)") }
            if let limit = key.requestsPerMinute { facts.append("\(limit) requests/min") }
            if let limit = key.tokensPerMinute { facts.append("\(limit) tokens/min") }
            if let limit = key.concurrentCalls { facts.append("\(limit) calls at a time") }
            if let policy = key.policy { facts.append("policy \(policy)") }
            if let end = key.expiresAt { facts.append("until \(end)") }
            let lines = own(key).map { "\n    \(BudgetListing.line($0))" }
            return "\(key.id)  \(facts.joined(separator: ", "))\(key.label.isEmpty ? "" : "  (\(key.label))")"
                + lines.joined()
        }.joined(separator: "\n")
    }

    var json: String {
        var writer = JSONWriter()
        writer.array { list in
            for key in keys {
                list.object { object in
                    object.member("id", key.id)
                    object.member("team", key.team)
                    object.member("label", key.label)
                    object.member("created_at", key.createdAt.description)
                    object.member("expires_at", key.expiresAt?.description)
                    object.member("revoked_at", key.revokedAt?.description)
                    object.member("valid", key.fault(at: moment) == nil)
                    object.member("policy", key.policy)
                    object.member("requests_per_minute", key.requestsPerMinute)
                    object.member("tokens_per_minute", key.tokensPerMinute)
                    object.member("concurrent_calls", key.concurrentCalls)
                    object.member("allow", array: { for model in key.models.allow { $0.element(model.rawValue) } })
                    object.member("deny", array: { for model in key.models.deny { $0.element(model.rawValue) } })
                    object.member("budgets", raw: Array(BudgetListing(own(key)).json.utf8))
                }
            }
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private func own(_ key: AccessKey) -> [BudgetStatus] { budgets.filter { $0.budget.scope == .key(key.id) } }
}
