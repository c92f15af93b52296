import Catalog
import Domain
import Foundation
import JSON

/// Providers' keys: those of the environment, and those that a person gives `hera init`.
struct ProviderKeys {
    /// Keys to write, by the names of their variables.
    let written: [String: String]

    /// - Parameter asked: providers by name, from the options.
    /// - Throws: `Exit` for a provider that the catalog does not have, or one without a key where nothing is asked.
    init(asked names: [String], _ questions: Questions) throws {
        let variables = try Self.variables()
        let environment = ProcessInfo.processInfo.environment
        let present = variables.filter { !(environment[$0.value] ?? "").isEmpty }.keys.sorted()
        var names = names.flatMap { $0.split(separator: ",").map(String.init) }
        if names.isEmpty {
            let found = present.isEmpty ? "none is in the environment" : "found: \(present.joined(separator: ", "))"
            let answer = questions.ask(
                "1. Providers whose keys you have, with commas, of \(variables.keys.sorted().joined(separator: ", "))\n"
                    + "   (\(found); empty for these):")
            names = answer?.split(separator: ",").map(String.init) ?? []
        }
        var written: [String: String] = [:]
        for name in names.map({ $0.trimmingCharacters(in: .whitespaces).lowercased() }) where !present.contains(name) {
            guard let variable = variables[name] else {
                let hint = Spelling.closest(to: name, among: variables.keys.sorted()).map { "did you mean \($0)?" }
                throw Exit(
                    64,
                    "no provider of the catalog is named '\(name)'; "
                        + (hint ?? "there are \(variables.keys.sorted().joined(separator: ", "))"))
            }
            guard let key = questions.ask("   key for \(name) (\(variable), not shown):", hides: true) else {
                throw Exit(64, "no key for \(name): set \(variable) in the environment")
            }
            written[variable] = key
        }
        self.written = written
    }

    /// Key variables by provider.
    private static func variables() throws -> [String: String] {
        var variables: [String: String] = [:]
        for model in try Installation.catalog(InstallationOptions.defaults).models {
            if let variable = model.endpoint.keyVariable { variables[model.provider] = variable }
        }
        return variables
    }

    /// Writes the keys to a file that only its owner can read, beside those that it has; false where there are none.
    func write(to path: String) throws -> Bool {
        let exists = FileManager.default.fileExists(atPath: path)
        guard !written.isEmpty else { return exists }
        var values = exists ? try KeysFile(path: path).values : [:]
        values.merge(written) { _, new in new }
        let lines = values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let text = "# Keys for hera (service.keys_file). Only its owner may read it.\n" + lines.joined(separator: "\n")
        // From its first byte on, not only once its mode is set.
        let mask = umask(0o077)
        defer { umask(mask) }
        guard
            FileManager.default.createFile(
                atPath: path, contents: Data("\(text)\n".utf8), attributes: [.posixPermissions: 0o600])
        else { throw Exit(73, "cannot write \(path)") }
        return true
    }
}
