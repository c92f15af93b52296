import Catalog
import Domain
import Foundation
import JSON

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
