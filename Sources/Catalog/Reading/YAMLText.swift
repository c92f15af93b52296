import Domain
import Foundation
package import JSON
import Yams

/// YAML files that are read like JSON, by field names.
package enum YAMLText {
    /// Reads a file as a JSON document. Plain scalars become numbers, booleans and null if they look like them.
    package static func document(path: String) throws(YAMLTextError) -> JSONDocument {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw YAMLTextError(description: "cannot read \(path): check the path and its permissions")
        }
        do {
            guard let node = try Yams.compose(yaml: String(decoding: data, as: UTF8.self)) else {
                return try JSONDocument(Array("{}".utf8))
            }
            var writer = JSONWriter()
            write(node, into: &writer)
            return try JSONDocument(writer.bytes)
        } catch {
            throw YAMLTextError(description: "\(path) is not valid YAML: \(error)")
        }
    }

    private static func write(_ node: Node, into writer: inout JSONWriter) {
        switch node {
        case .mapping(let mapping):
            writer.object { object in
                for (key, value) in mapping {
                    object.key(key.string ?? "")
                    write(value, into: &object)
                }
            }
        case .sequence(let sequence):
            writer.array { list in for value in sequence { write(value, into: &list) } }
        case .scalar(let scalar):
            let text = scalar.string
            if scalar.style != .plain {
                writer.element(text)
            } else if let document = try? JSONDocument(Array(text.utf8)), document.root.kind != .string {
                // Numbers keep their exact text, for money.
                writer.element(raw: document.root.raw)
            } else if text.isEmpty || text == "~" {
                writer.elementNull()
            } else {
                writer.element(text)
            }
        case .alias: writer.elementNull()
        }
    }
}

/// Why a file is no YAML.
package struct YAMLTextError: Error, CustomStringConvertible {
    package let description: String
}
