import ArgumentParser
import Catalog
import Domain
import Foundation

/// `hera catalog add`: entries for the models of a local server.
struct CatalogAddCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Write entries for a local server's models, with estimates to correct.",
        discussion: """
            Models that the catalog names already are left out. `hera serve` uses a local server's models without \
            entries too; write entries to correct what it estimates.

            Example: hera catalog add http://127.0.0.1:11434 --write
            """)

    @Argument(help: "The server, for example http://127.0.0.1:11434.")
    var url: String

    @Flag(help: "Append to local.yaml in your own catalog folder (else the catalog's) instead of printing.")
    var write = false

    @Option(help: "The environment variable with the server's key.")
    var keyVariable: String?

    @OptionGroup var installation: InstallationOptions

    func validate() throws { _ = try server() }

    private func server() throws -> LocalServer {
        do {
            return try LocalServer(url: url, access: EndpointAccess(keyVariable: keyVariable))
        } catch {
            throw ValidationError("\(url.contains("@") ? "the URL" : "'\(url)'") \(error)")
        }
    }

    func run() async throws {
        try await Exit.mapped {
            let known = try Installation.catalog(installation)
            let found = await LocalNames.models(
                at: [try server()], besides: known, keys: try Installation.apiKeys(config: installation.config))
            let models = found.models.filter { known[$0.id] == nil }
            guard !models.isEmpty else { throw Exit(69, "\(url) lists no model that the catalog lacks") }
            let yaml = LocalModelYAML(models)
            guard write else { return print(yaml.file, terminator: "") }
            let path = (installation.addedCatalogFolder ?? installation.catalogFolder) + "/local.yaml"
            try append(yaml, to: path, in: installation)
            Exit.printError("\(models.count) model\(models.count == 1 ? "" : "s") added to \(path)")
        }
    }

    /// Writes the file; one that would make the catalog invalid is put back as it was.
    private func append(_ yaml: LocalModelYAML, to path: String, in installation: InstallationOptions) throws {
        let old = FileManager.default.contents(atPath: path)
        var text = old.map { String(decoding: $0, as: UTF8.self) } ?? ""
        if old != nil, !text.hasSuffix("\n") { text += "\n" }
        text += old == nil ? yaml.file : "\n" + yaml.entries
        do {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw Exit(73, "cannot write \(path): \(error.localizedDescription)")
        }
        do {
            _ = try Installation.catalog(installation)
        } catch {
            if let old {
                try? old.write(to: URL(fileURLWithPath: path), options: .atomic)
            } else {
                try? FileManager.default.removeItem(atPath: path)
            }
            throw error
        }
    }
}
