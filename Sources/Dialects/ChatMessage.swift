import Domain
package import JSON

/// A message of a chat, found in the body and not decoded.
package struct ChatMessage: Sendable {
    package enum Role: String, CaseIterable, Sendable {
        case system, developer, user, assistant, tool, function
    }

    package let role: Role
    package let value: JSONValue
    /// Its members that routing reads, found once: a message may be long, and a conversation has hundreds.
    private var members = Members()

    private struct Members {
        var role, content, toolCalls, toolCallID, mark: JSONPlace?
    }

    /// - Parameter index: its place among the messages.
    init(_ value: JSONValue, index: Int) throws(FieldError) {
        guard value.kind == .object else {
            throw FieldError("messages[\(index)]", #"must be an object like {"role": "user", "content": "..."}"#)
        }
        var found = Members()
        // The last one of a name counts.
        value.forEachMember { key, place in
            if key.isNamed("role") {
                found.role = place
            } else if key.isNamed("content") {
                found.content = place
            } else if key.isNamed("tool_calls") {
                found.toolCalls = place
            } else if key.isNamed("tool_call_id") {
                found.toolCallID = place
            } else if key.isNamed(SourceMark.member) {
                found.mark = place
            }
        }
        let name = found.role.map { value.at($0) }
        guard let name, let role = Role.allCases.first(where: { name.isString($0.rawValue) }) else {
            throw FieldError(
                "messages[\(index)].role", "must be one of \(Role.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        self.role = role
        self.value = value
        members = found
    }

    private var content: JSONValue? { members.content.map { value.at($0) } }
    private var toolCalls: JSONValue? { members.toolCalls.map { value.at($0) } }
    private var toolCallID: JSONValue? { members.toolCallID.map { value.at($0) } }

    /// Whether it or a part of it may be marked as a source.
    var mayHoldMarks: Bool { members.mark != nil || members.content?.kind == .array }

    /// The text of the message: its content, or the text parts of it.
    package var text: String {
        guard let content else { return "" }
        if let text = content.string { return text }
        return content.elements.compactMap { $0["text"]?.string }.joined(separator: "\n")
    }

    /// Its words and the calls of tools that came with them, one JSON object of name and arguments a line: the form in
    /// which the runs are written that profiles are trained on.
    var said: String {
        let calls = toolCalls?.elements.compactMap { call in
            call["function"].map { String(decoding: $0.raw, as: UTF8.self) }
        }
        guard let calls, !calls.isEmpty else { return text }
        return ((text.isEmpty ? [] : [text]) + calls).joined(separator: "\n")
    }

    /// Its images, whether in the message itself or at an address.
    var images: [JSONValue] {
        parts.filter { $0["type"]?.isString("image_url") == true || $0["type"]?.isString("image") == true }
    }

    /// Its files, whether in the message itself or named by an id.
    var files: [JSONValue] { parts.filter { $0["type"]?.isString("file") == true } }

    /// The types of its content parts: `image_url`, `input_audio`, ...
    var partTypes: [String] { parts.compactMap { $0["type"]?.string } }

    /// The parts of its content; none where that is a string.
    var parts: [JSONValue] {
        guard members.content?.kind == .array, let content else { return [] }
        return Array(content.elements)
    }

    /// Combines what a model reads of the message.
    func combine(into hash: inout TextHash) {
        hash.combine(role.rawValue.utf8)
        if let content {
            if content.kind == .array {
                for part in content.elements { hash.combine((part["text"] ?? part).raw) }
            } else {
                hash.combine(content.raw)
            }
        }
        for value in [toolCalls, toolCallID] { if let value { hash.combine(value.raw) } }
    }
}
