package import Dialects
import Domain
package import JSON

/// A request that was made before, as a line of somebody's log has it.
///
/// The line is a request in OpenAI's chat format or in Anthropic's messages format, or has one as `body` (as batch files
/// do) or as `request`.
package struct PastRequest: Sendable {
    /// The model that was asked then; nil where the line names none.
    package let model: String?
    /// The request, asked of somebody else.
    package let chat: ChatRequest

    /// Reads a line. Throws what is wrong with it, by field.
    ///
    /// - Parameters:
    ///   - target: `hera`, `hera/<policy>` or a model of the catalog.
    ///   - policy: a policy for the request, as JSON; nil leaves the line's own, if it has one.
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

    /// What OpenAI's format does not have: a system prompt beside the messages, tools with an `input_schema`.
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
