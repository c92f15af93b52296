import Domain
package import JSON

/// A question of Anthropic's API how many tokens a prompt has.
package struct TokenCountRequest: Sendable {
    /// The question as an Anthropic server shall have it.
    package let document: JSONDocument
    /// The model as asked for.
    package let model: String

    private static let passedOn: Set = [
        "model", "messages", "system", "tools", "tool_choice", "thinking", "output_config", "cache_control",
    ]

    /// About how many tokens the prompt has, as routing reckons; throws what cannot be translated, by field.
    package var estimate: Int {
        get throws(FieldError) {
            guard let message = try? JSONDocument(document.settingMembers([("max_tokens", Array("1".utf8))])) else {
                throw FieldError("", "the body must be a JSON object")
            }
            return try MessagesRequest(message).chat.step(id: "", runID: "", previousModel: nil).promptTokens
        }
    }

    /// Reads a body. Throws what is wrong with it, by field; the rest is for the server that counts to say.
    package init(_ document: JSONDocument) throws(FieldError) {
        let marks = try SourceMarks(document)
        let unmarked = marks.flatMap { marks in try? JSONDocument(marks.bytes { _ in false }) }
        let document = unmarked ?? document
        let root = document.root
        guard root.kind == .object else { throw FieldError("", "the body must be a JSON object") }
        guard let model = root["model"]?.string, !model.isEmpty else {
            throw FieldError("model", "is missing: name a model of GET /v1/models")
        }
        guard root["messages"]?.kind == .array else {
            throw FieldError("messages", "is missing: give a list of messages")
        }
        let others = root.members.map(\.key).filter { !Self.passedOn.contains($0) }
        // What was sealed here is nothing that Anthropic's servers know.
        let messages = MessagesBlock.messages(root["messages"], without: MessagesBlock.isSealed)
        let set = messages.map { [(key: "messages", value: $0)] } ?? []
        guard let filtered = try? JSONDocument(document.settingMembers(set, removing: others)) else {
            throw FieldError("", "the body must be a JSON object")
        }
        self.document = filtered
        self.model = model
    }
}
