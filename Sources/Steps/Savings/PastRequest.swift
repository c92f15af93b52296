package import Dialects
import Domain
package import JSON

/// A logged request, parsed from a line of a log file.
///
/// The line is an OpenAI chat request or an Anthropic messages request, or contains one as `body` (as in batch files)
/// or `request`.
package struct PastRequest: Sendable {
    /// The original model; nil where the line names none.
    package let model: String?
    /// The request with its new target.
    package let chat: ChatRequest

    /// Parses a line.
    ///
    /// - Parameters:
    ///   - target: `hera`, `hera/<policy>` or a catalog model.
    ///   - policy: JSON of a policy; nil keeps the line's own.
    /// - Throws: the invalid field.
    package init(line: some Sequence<UInt8>, asking target: String, policy: [UInt8]? = nil) throws(FieldError) {
        let root = try Self.document(Array(line)).root
        guard root.kind == .object else { throw FieldError("", "a line must be a JSON object") }
        let containers = [root] + ["body", "request"].compactMap { root[$0] }
        guard let body = containers.first(where: { $0["messages"] != nil }) else {
            throw FieldError("messages", "is missing: a line is a chat request, or has one as \"body\" or \"request\"")
        }
        model = body["model"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        var members = [(key: "model", value: JSONWriter.quoted(target))]
        if let policy { members.append((key: "hera", value: policy)) }
        let rewritten = try Self.document(try Self.document(Array(body.raw)).settingMembers(members))
        chat = try Self.isAnthropic(body) ? MessagesRequest(rewritten).chat : ChatRequest(rewritten)
    }

    /// Anthropic's format has a top-level system prompt and tools with `input_schema`.
    private static func isAnthropic(_ body: JSONValue) -> Bool {
        body["system"] != nil || body["tools"]?.elements.contains { $0["input_schema"] != nil } ?? false
    }

    private static func document(_ bytes: [UInt8]) throws(FieldError) -> JSONDocument {
        do throws(JSONError) {
            return try JSONDocument(bytes)
        } catch {
            throw FieldError("", "\(error)")
        }
    }
}
