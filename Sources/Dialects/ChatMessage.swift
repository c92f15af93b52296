import Domain
package import JSON

/// A message of a chat, found in the body and not decoded.
package struct ChatMessage: Sendable {
    package enum Role: String, CaseIterable, Sendable {
        case system, developer, user, assistant, tool, function
    }

    package let role: Role
    package let value: JSONValue

    init(_ value: JSONValue, path: String) throws(FieldError) {
        guard value.kind == .object else {
            throw FieldError(path, #"must be an object like {"role": "user", "content": "..."}"#)
        }
        guard let name = value["role"]?.string, let role = Role(rawValue: name) else {
            throw FieldError(
                "\(path).role", "must be one of \(Role.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        self.role = role
        self.value = value
    }

    /// The text of the message: its content, or the text parts of it.
    package var text: String {
        guard let content = value["content"] else { return "" }
        if let text = content.string { return text }
        return content.elements.compactMap { $0["text"]?.string }.joined(separator: "\n")
    }

    /// Its words and the calls of tools that came with them, one JSON object of name and arguments a line: the form in
    /// which the runs are written that profiles are trained on.
    var said: String {
        let calls = value["tool_calls"]?.elements.compactMap { call in
            call["function"].map { String(decoding: $0.raw, as: UTF8.self) }
        }
        guard let calls, !calls.isEmpty else { return text }
        return ((text.isEmpty ? [] : [text]) + calls).joined(separator: "\n")
    }

    /// Its images, whether in the message itself or at an address.
    var images: [JSONValue] {
        value["content"]?.elements.filter { part in
            part["type"]?.isString("image_url") == true || part["type"]?.isString("image") == true
        } ?? []
    }

    /// Its files, whether in the message itself or named by an id.
    var files: [JSONValue] { value["content"]?.elements.filter { $0["type"]?.isString("file") == true } ?? [] }

    /// The types of its content parts: `image_url`, `input_audio`, ...
    var partTypes: [String] { value["content"]?.elements.compactMap { $0["type"]?.string } ?? [] }

    /// What a model reads of the message, as bytes.
    var essence: [UInt8] {
        var bytes = Array(role.rawValue.utf8) + [0]
        if let content = value["content"] {
            if content.kind == .array {
                for part in content.elements {
                    if let text = part["text"] { bytes += text.raw } else { bytes += part.raw }
                }
            } else {
                bytes += content.raw
            }
        }
        for name in ["tool_calls", "tool_call_id"] {
            if let value = value[name] { bytes += value.raw }
        }
        return bytes
    }
}
