import Domain
package import JSON
import Upstream

/// A request to Anthropic's Messages API, said in OpenAI's chat format, so that any model may answer it.
///
/// Taken over: system prompts, messages with texts, images, text documents, calls of tools and their results, tools and
/// the choice among them, the limit of tokens, stop sequences, temperature, `top_p`, a schema for the answer, the user.
/// What OpenAI's format has no words for (thinking, `top_k`, marks for caches) goes to models that are served in
/// Anthropic's own format, which get the request in its own words, and is left out for the others. Refused by field is
/// what cannot be left out: files, and tools that run at Anthropic.
package struct MessagesRequest: Sendable {
    /// The same request in OpenAI's format.
    package let chat: ChatRequest
    /// What the client calls its session; nil where it names none.
    package let session: String?

    /// Members that an Anthropic server is given; what is not known here could cost more than was set aside.
    private static let passedOn: Set = [
        "model", "max_tokens", "messages", "system", "metadata", "stop_sequences", "temperature", "top_p", "top_k",
        "tools", "tool_choice", "thinking", "output_config", "cache_control",
    ]
    /// Members whose loss would be against the caller's will.
    private static let refused = [
        "mcp_servers": "servers of tools cannot be passed on; offer their tools yourself",
        "container": "there are no containers here; leave it out",
        "inference_geo": "the place of the servers cannot be promised; use a policy that allows only your models",
    ]
    /// OpenAI takes no longer name of a user.
    private static let longestUser = 64

    /// Reads a body. Throws what is wrong with it, or cannot be said, by field.
    ///
    /// - Parameters:
    ///   - betas: values of the header `anthropic-beta`.
    ///   - session: value of the header `x-claude-code-session-id`.
    package init(_ document: JSONDocument, betas: [String] = [], session: String? = nil) throws(FieldError) {
        let root = document.root
        guard root.kind == .object else { throw FieldError("", "the body must be a JSON object") }
        for (name, words) in Self.refused {
            if let value = root[name], !value.isNull, value.count > 0 || value.kind == .string {
                throw FieldError(name, words)
            }
        }
        guard let limit = root["max_tokens"]?.integer, limit > 0, limit < 1 << 40 else {
            throw FieldError("max_tokens", "must be a whole number above 0: the most tokens that the answer may have")
        }
        let conversation = try MessagesConversation(system: root["system"], messages: root["messages"])
        var writer = JSONWriter(capacity: document.bytes.count + 512)
        try writer.object { (body: inout JSONWriter) throws(FieldError) in
            if let model = root["model"] { body.member("model", raw: model.raw) }
            body.member("messages", array: { list in conversation.messages.forEach { list.element(raw: $0) } })
            body.member("max_tokens", limit)
            try Self.writeSampling(root, to: &body)
            try MessagesTools(tools: root["tools"], choice: root["tool_choice"]).write(to: &body)
            if let policy = root["hera"] { body.member("hera", raw: policy.raw) }
        }
        guard let translated = try? JSONDocument(writer.bytes),
            let original = Self.original(document, conversation, betas)
        else {
            throw FieldError("", "is nested too deeply to be translated")
        }
        chat = try ChatRequest(translated, original: original, asides: conversation.asides)
        self.session = ClaudeCode.session(header: session, metadata: root["metadata"])
    }

    private static func writeSampling(_ root: JSONValue, to body: inout JSONWriter) throws(FieldError) {
        for name in ["temperature", "top_p"] {
            guard let value = root[name], !value.isNull else { continue }
            guard value.kind == .number else { throw FieldError(name, "must be a number") }
            body.member(name, raw: value.raw)
        }
        if let stop = root["stop_sequences"], !stop.isNull {
            guard stop.kind == .array, stop.elements.allSatisfy({ $0.kind == .string }) else {
                throw FieldError("stop_sequences", "must be a list of strings")
            }
            if stop.count > 0 { body.member("stop", raw: stop.raw) }
        }
        if let stream = root["stream"], !stream.isNull {
            guard let isStream = stream.boolean else { throw FieldError("stream", "must be true or false") }
            if isStream {
                body.member("stream", true)
                // The last event of Anthropic's streams counts the tokens.
                body.member("stream_options", object: { $0.member("include_usage", true) })
            }
        }
        if let format = root["output_config"]?["format"] ?? root["output_format"], !format.isNull {
            try writeFormat(format, to: &body)
        }
        if let user = root["metadata"]?["user_id"]?.string, user.utf8.count <= longestUser {
            body.member("user", user)
        }
    }

    private static func writeFormat(_ format: JSONValue, to body: inout JSONWriter) throws(FieldError) {
        guard format["type"]?.isString("json_schema") == true, let schema = format["schema"], schema.kind == .object
        else {
            throw FieldError("output_config.format", #"must be {"type": "json_schema", "schema": {...}}"#)
        }
        body.member(
            "response_format",
            object: { item in
                item.member("type", "json_schema")
                item.member(
                    "json_schema",
                    object: {
                        $0.member("name", "answer")
                        $0.member("strict", true)
                        $0.member("schema", raw: schema.raw)
                    })
            })
    }

    /// The request as an Anthropic server gets it.
    private static func original(
        _ document: JSONDocument, _ conversation: MessagesConversation, _ betas: [String]
    ) -> OriginalRequest? {
        let root = document.root
        let (names, members) = AnthropicBeta.admitted(of: betas)
        var removed = root.members.map(\.key).filter { !passedOn.contains($0) && !members.contains($0) }
        if let management = root["context_management"], !AnthropicBeta.isShortening(management) {
            removed.append("context_management")
        }
        // Thinking cannot begin in the middle of a turn that another model has begun without.
        let wantsThinking = root["thinking"]?["type"]?.isString("enabled") == true
        if wantsThinking, conversation.isWorkingWithoutThinking { removed += ["thinking", "context_management"] }
        var set: [(key: String, value: [UInt8])] = []
        if let system = root["system"], system.elements.contains(where: ClaudeCode.isAttribution) {
            var blocks = JSONWriter(capacity: system.raw.count)
            blocks.array { list in
                for block in system.elements where !ClaudeCode.isAttribution(block) { list.element(raw: block.raw) }
            }
            set.append(("system", blocks.bytes))
        }
        guard let document = try? JSONDocument(document.settingMembers(set, removing: removed)) else { return nil }
        return OriginalRequest(dialect: .anthropic, document: document, betas: names)
    }
}
