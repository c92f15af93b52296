import ArgumentParser
import Catalog
import Domain
import Ledger

/// Opens the ledger for one operation of a command, and maps errors to exit codes.
enum LedgerAccess {
    /// Exit codes: 64 for invalid arguments, 65 for a damaged ledger or an unknown id, 74 else.
    static func run(
        _ option: DatabaseOption, config: String? = nil, _ body: (LedgerStore) async throws(LedgerError) -> Void
    ) async throws {
        try await Exit.mapped {
            let ledger = try Installation.ledger(option, config: config)
            do throws(LedgerError) {
                try await body(ledger)
                await ledger.close()
            } catch {
                await ledger.close()
                throw Exit(code(of: error), error.description)
            }
        }
    }

    /// How changes by commands are recorded: with the system's user, where it is known.
    static var actor: String {
        "command line" + (FolderSearch.variable("USER").map { " (\($0.prefix(64)))" } ?? "")
    }

    /// Parses an argument. Exits with 64 where it is invalid.
    static func argument<Value>(_ read: () throws(LedgerError) -> Value) throws -> Value {
        do {
            return try read()
        } catch {
            Exit.printError(error.description)
            throw ExitCode(64)
        }
    }

    static func code(of error: LedgerError) -> Int32 {
        switch error {
        case .invalid, .badLocation, .duplicate: 64
        case .notFound, .corrupt, .newerVersion: 65
        default: 74
        }
    }
}

extension BudgetScope: ExpressibleByArgument {
    /// A scope as its description has it: `global`, `team:ID`, `key:ID`, `user:ID`, `tag:TAG`, ...
    public init?(argument: String) { self.init(argument) }
}

extension Timestamp: ExpressibleByArgument {
    /// A day, a moment in ISO 8601, or seconds since 1970.
    public init?(argument: String) { self.init(argument) }
}

/// Prices entries by the catalog, where it still has the price that they were booked with.
struct CatalogPricing {
    /// Nil without a catalog.
    let pricing: EntryPricing?

    init(_ catalog: ModelCatalog?) {
        guard let catalog else {
            pricing = nil
            return
        }
        pricing = { entry in
            // The catalog may have had another price when the entry was booked.
            guard let price = try? catalog[entry.call.model]?.price(on: entry.chargedAt.day),
                price.asOf == entry.call.priceAsOf
            else { return nil }
            return try? price.cost(of: entry.result.usage, tier: entry.call.tier)
        }
    }
}
