import ArgumentParser
import Catalog
import Domain

/// `hera catalog list`: the models with their prices of today.
struct CatalogListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the models with today's prices (USD per million tokens).")

    /// For people or for programs.
    enum Format: String, CaseIterable, ExpressibleByArgument { case table, json }

    @Option(help: "Directory with the catalog's YAML files.")
    var catalog = "Catalog"

    @Option(help: "How to print: table or json.")
    var format = Format.table

    func run() throws {
        try CatalogExit.mapped {
            let today = Timestamp.now().day
            let catalog = try ModelCatalog.load(directory: catalog, today: today)
            for warning in catalog.warnings { CatalogExit.tell("hera: \(warning)") }
            switch format {
            case .table: print(CatalogTable(catalog: catalog, today: today).text)
            case .json: print(try CatalogListing(catalog: catalog, today: today).json())
            }
        }
    }
}
