import ArgumentParser
import Domain
import JSON
import Ledger

/// `hera budgets`: set, list and remove budgets.
struct BudgetsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "budgets", abstract: "Set, list and remove budgets.",
        subcommands: [Set.self, List.self, Remove.self])

    /// `hera budgets set`
    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set", abstract: "Set or change the budget of a scope.",
            discussion: """
                Examples: hera budgets set global 100/month
                          hera budgets set team:red 1000000tokens/day
                          hera budgets set key:abcdefghij 500J/week --warn
                          hera budgets set 'user:*' 5/month
                          hera budgets set tag:project=red 50/month
                Earlier use in the current window counts.
                """)

        @Argument(help: "global, team:ID, key:ID, user:ID, user:* (each), tag:TAG, session:ID, job:ID or batch:ID.")
        var scope: BudgetScope

        @Argument(help: "An amount in USD, tokens or J, and a window: none, day, week, month, rolling:SECONDS.")
        var amount: String

        @Flag(name: .long, help: "Only warn about calls over the budget.")
        var warn = false

        @OptionGroup var database: DatabaseOption

        func run() async throws {
            let budget = try LedgerAccess.argument { () throws(LedgerError) in
                try Budget(amount, scope: scope, mode: warn ? .warn : .hard)
            }
            try await LedgerAccess.run(database) { (ledger) throws(LedgerError) in
                try await ledger.write { transaction in
                    let now = Timestamp.now()
                    try transaction.setBudget(budget, at: now)
                    try transaction.record(AccessChange(set: budget, by: LedgerAccess.actor, at: now))
                }
                for status in try await ledger.read({ try $0.budgets(of: [scope], at: .now()) }) {
                    print(BudgetListing.line(status))
                }
            }
        }
    }

    /// `hera budgets list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List all budgets with their use.")

        @OptionGroup var database: DatabaseOption

        @Option(name: .long, help: "Output format: text or json.")
        var format: OutputFormat = .text

        func run() async throws {
            try await LedgerAccess.run(database) { (ledger) throws(LedgerError) in
                let listing = BudgetListing(try await ledger.read { try $0.budgets(of: nil, at: .now()) })
                switch format {
                case .text: print(listing.text)
                case .json: print(listing.json)
                }
            }
        }
    }

    /// `hera budgets remove`
    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "remove", abstract: "Remove a budget.")

        @Argument(help: "global, team:ID, key:ID, user:ID, user:* (each), tag:TAG, session:ID, job:ID or batch:ID.")
        var scope: BudgetScope

        @Argument(help: "The unit (usd, tokens or joules).")
        var unit: BudgetUnit

        @Argument(help: "The window (none, day, week, month or rolling:SECONDS).")
        var window: BudgetWindow = .none

        @OptionGroup var database: DatabaseOption

        func run() async throws {
            try await LedgerAccess.run(database) { (ledger) throws(LedgerError) in
                try await ledger.write { transaction in
                    try transaction.removeBudget(scope: scope, unit: unit, window: window)
                    try transaction.record(
                        AccessChange(
                            at: .now(), actor: LedgerAccess.actor, action: .budgetRemoved, target: scope.description,
                            detail: "\(unit.rawValue), \(window)"))
                }
                print("removed the budget of \(scope) in \(unit.rawValue) (\(window))")
            }
        }
    }
}

extension BudgetUnit: ExpressibleByArgument {}

extension BudgetWindow: ExpressibleByArgument {
    /// `none`, `day`, `week`, `month` or `rolling:SECONDS`.
    public init?(argument: String) { self.init(argument) }
}

/// Budgets with their use, as text and as JSON.
struct BudgetListing {
    private let statuses: [BudgetStatus]

    init(_ statuses: [BudgetStatus]) {
        self.statuses = statuses
    }

    var text: String {
        statuses.isEmpty
            ? "no budgets; set one with `hera budgets set`" : statuses.map(Self.line).joined(separator: "\n")
    }

    /// `key:k1  20 USD a month: 3.5 USD spent, 0.25 USD reserved, 16.25 USD left`
    static func line(_ status: BudgetStatus) -> String {
        let budget = status.budget
        let unit = budget.limit.unit
        let period =
            switch budget.window {
            case .none: "in all"
            case .day, .week, .month: "a \(budget.window)"
            case .rolling(let seconds): "in any \(seconds) s"
            }
        let mode = budget.mode == .warn ? " (only warns)" : ""
        return "\(budget.scope)  \(unit.text(budget.limit.amount)) \(period)\(mode): \(unit.text(status.spent)) spent, "
            + "\(unit.text(status.reserved)) reserved, \(unit.text(status.left)) left"
    }

    /// Amounts as integers in nano-USD, tokens or microjoules.
    var json: String {
        var writer = JSONWriter()
        writer.array { list in
            for status in statuses {
                let budget = status.budget
                list.object { object in
                    object.member("scope", budget.scope.description)
                    object.member("unit", budget.limit.unit.rawValue)
                    object.member("window", budget.window.description)
                    object.member("mode", budget.mode.rawValue)
                    object.member("limit", budget.limit.amount)
                    object.member("spent", status.spent)
                    object.member("reserved", status.reserved)
                    object.member("left", status.left)
                }
            }
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
