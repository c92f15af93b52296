import ArgumentParser
import Catalog
import Domain
import Foundation
import JSON

/// Where the parts of an installation are, as options of the commands that need them.
struct InstallationOptions: ParsableArguments {
    @Option(
        name: .long, help: "The folder with the catalog's YAML files. Default: Catalog/ here or beside the program.")
    var catalog: String?

    @Option(name: .long, help: "The folder with trained profiles. Default: Profiles/ here or beside the program.")
    var profiles: String?

    @Option(name: .long, help: "The operator's settings (YAML): policies, electricity, limits.")
    var config: String?

    /// The folder named, or the first of that name in the working directory or above the program's own.
    func folder(_ named: String?, default name: String) -> String {
        if let named { return named }
        var places = [FileManager.default.currentDirectoryPath]
        var above = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        while above.path != "/" {
            above.deleteLastPathComponent()
            places.append(above.path)
        }
        let found = places.map { "\($0)/\(name)" }.first { path in
            (try? FileManager.default.contentsOfDirectory(atPath: path))?.isEmpty == false
        }
        return found ?? name
    }

    var catalogFolder: String { folder(catalog, default: "Catalog") }

    var profilesFolder: String { folder(profiles, default: "Profiles") }
}

/// Where the ledger is.
struct DatabaseOption: ParsableArguments {
    @Option(name: .long, help: "The ledger: sqlite:PATH or postgres://user@host/database.")
    var database = "sqlite:hera.sqlite"
}

/// A policy as a command's argument: a JSON object, or the path of a JSON or YAML file with one.
enum PolicyArgument {
    /// Ends with 65 for a policy that is wrong, 66 for a file that cannot be read.
    static func read(_ text: String) throws(Exit) -> Policy {
        try policy(try json(text), text)
    }

    /// The policy as JSON, after it was looked at.
    static func document(_ text: String) throws(Exit) -> JSONDocument {
        let document = try json(text)
        _ = try policy(document, text)
        return document
    }

    private static func policy(_ document: JSONDocument, _ text: String) throws(Exit) -> Policy {
        do throws(FieldError) {
            return try Policy(json: document.root, path: "policy")
        } catch {
            throw Exit(65, "--policy: \(error) (docs/policy.md)")
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
