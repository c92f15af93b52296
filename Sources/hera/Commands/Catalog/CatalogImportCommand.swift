import ArgumentParser
import Catalog
import Domain
import Foundation

/// `hera catalog import`: a catalog file from a public price list.
struct CatalogImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Convert a public price list into a catalog file, on standard output.",
        discussion: """
            Chat models only. A model without a price is left out and counted on standard error; it is never taken for \
            free. Lists: LiteLLM's model_prices_and_context_window.json, OpenRouter's GET /api/v1/models, models.dev's \
            api.json.

            Example: hera catalog import --from litellm prices.json --provider openai --only 'gpt-6*' > Catalog/new.yaml
            """)

    @Option(help: "The kind of list: litellm, openrouter or models.dev.")
    var from: PriceListFormat

    @Argument(help: "The list as a JSON file; - reads standard input.")
    var file: String

    @Option(help: "Only models of this provider (for OpenRouter also: of this maker).")
    var provider: String?

    @Option(help: "Only models whose name or id matches, with * for any text and ? for one character.")
    var only: String?

    @Flag(help: "Also take models whose input and output are listed at 0 (lists write 0 for unknown prices too).")
    var includeFree = false

    @Option(help: "Where the models are called, for providers that hera does not know.")
    var baseURL: String?

    @Option(help: "The environment variable with the key, together with --base-url.")
    var keyVariable: String?

    @Option(help: "What the prices' `source` says. Default: the name of the list and file.")
    var source: String?

    func validate() throws {
        if keyVariable != nil, baseURL == nil {
            throw ValidationError("--key-variable goes together with --base-url")
        }
    }

    func run() throws {
        try CatalogExit.mapped {
            var selection = PriceListImport.Selection()
            selection.provider = provider
            selection.only = only.map(GlobPattern.init)
            selection.includesFree = includeFree
            selection.address = ProviderAddress(baseURL: baseURL, keyVariable: keyVariable)
            let name = file == "-" ? "" : " (\(URL(fileURLWithPath: file).lastPathComponent))"
            let list = try PriceListImport(
                try PriceListFile.read(file), format: from, selection: selection, source: source ?? from.title + name,
                today: Timestamp.now().day)
            Exit.printError("\(list.count) models imported; left out: \(list.skippedText)")
            if list.count == 0 { throw ExitCode(65) }
            print(list.yaml, terminator: "")
        }
    }
}

extension PriceListFormat: ExpressibleByArgument {}
