import ArgumentParser
import Catalog
import Domain
import Foundation
import JSON

/// Options for the folders and files of an installation.
struct InstallationOptions: ParsableArguments {
    @Option(
        name: .long,
        help: "The folder with the catalog's YAML files. Default: Catalog/ here or above the program's folder.")
    var catalog: String?

    @Option(
        name: .long, help: "The folder with trained profiles. Default: Profiles/ here or above the program's folder.")
    var profiles: String?

    @Option(name: .long, help: "The operator's settings (YAML): policies, electricity, limits.")
    var config: String?

    /// The given folder, else the first one of that name in the working directory or above the program's folder.
    func folder(_ named: String?, default name: String) -> String {
        if let named { return named }
        var candidates = [FileManager.default.currentDirectoryPath]
        var above = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        while above.path != "/" {
            above.deleteLastPathComponent()
            candidates.append(above.path)
        }
        let found = candidates.map { "\($0)/\(name)" }.first { path in
            (try? FileManager.default.contentsOfDirectory(atPath: path))?.isEmpty == false
        }
        return found ?? name
    }

    var catalogFolder: String { folder(catalog, default: "Catalog") }

    var profilesFolder: String { folder(profiles, default: "Profiles") }
}

/// The option for the ledger's location.
struct DatabaseOption: ParsableArguments {
    @Option(name: .long, help: "The ledger: sqlite:PATH or postgres://user@host/database.")
    var database = "sqlite:hera.sqlite"
}

/// A policy argument: a JSON object, or the path of a JSON or YAML file with one.
enum PolicyArgument {
    /// Exits with 65 for an invalid policy, with 66 for an unreadable file.
    static func read(_ text: String) throws(Exit) -> Policy {
        try policy(try json(text), text)
    }

    /// The policy as validated JSON.
    static func document(_ text: String) throws(Exit) -> JSONDocument {
        let document = try json(text)
        _ = try policy(document, text)
        return document
    }

    private static func policy(_ document: JSONDocument, _ text: String) throws(Exit) -> Policy {
        do throws(FieldError) {
            return try Policy(json: document.root, path: "policy")
        } catch {
            throw Exit(65, "--policy: \(error) (docs/reference/policy.md)")
        }
    }

    private static func json(_ text: String) throws(Exit) -> JSONDocument {
        let isWritten = text.drop { $0.isWhitespace }.first == "{"
        do {
            return isWritten ? try JSONDocument(Array(text.utf8)) : try YAMLText.document(path: text)
        } catch let error as YAMLTextError {
            throw Exit(66, "\(error) (--policy takes a JSON object, or a file with one)")
        } catch {
            throw Exit(65, "--policy is not valid JSON: \(error)")
        }
    }
}
