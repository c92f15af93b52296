import Catalog
import Domain
import JSON

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
