import ArgumentParser

/// `hera catalog`: the models and their prices.
struct CatalogCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "catalog", abstract: "Show, check and extend the catalog of models and prices.",
        subcommands: [CatalogListCommand.self, CatalogLintCommand.self, CatalogImportCommand.self])
}
