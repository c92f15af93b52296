package import Domain
package import JSON
package import Upstream

/// Anthropic's messages.
package struct AnthropicWire: ChatWire {
    /// The version of the interface that is spoken.
    static let version = "2023-06-01"

    package init() {}

    package func answer(
        _ body: [UInt8], host: String
    ) throws(UpstreamError) -> (answer: ChatAnswer, openAIBytes: [UInt8]?) {
        (try Self.readAnswer(body, host: host), nil)
    }

    package func eventReader(host: String) -> any ChatEventReader {
        AnthropicEventReader()
    }

    package func modelsRequest(_ endpoint: Endpoint, credentials: Credentials) -> UpstreamRequest {
        Self.authorized(UpstreamRequest(method: "GET", url: endpoint.url("/models")), credentials)
    }

    package func conceding(_ request: UpstreamRequest, to failure: UpstreamFailure) -> UpstreamRequest? {
        UnsupportedFieldRetry.request(request, after: failure)
    }

    /// The request with the key, the version, and what else the server asks for.
    static func authorized(_ request: UpstreamRequest, _ credentials: Credentials) -> UpstreamRequest {
        var request = request
        request.headers.append(("anthropic-version", version))
        request.authorize(credentials, keyHeader: "x-api-key")
        return request
    }
}

extension AnthropicWire {
    static let betaHeader = "anthropic-beta"

    /// The request in Anthropic's format: the client's own where it spoke it (``OriginalRequest``), else translated.
    ///
    /// Taken over: messages with text, images, tool calls and tool results, system prompts, functions and the choice among
    /// them, marks for caches, the limit of tokens, temperature (to Anthropic's largest, 1), `top_p`, stop sequences, a
    /// schema for the answer, the user. JSON without a schema is asked for in words. Refused by field, because leaving
    /// them out would change the answer: other tools than functions, more than one choice, audio. Left out as hints:
    /// seeds, penalties, log-probabilities, reasoning effort and what is not known here.
    package func request(_ call: ChatCall) throws(UpstreamError) -> UpstreamRequest {
        let betas = Self.original(call)?.betas ?? []
        let body = try Self.body(of: call)
        var request = call.request(
            path: "/messages", body: call.effort.map { Self.body(body, asking: $0) } ?? body)
        if !betas.isEmpty { request.headers.append((Self.betaHeader, betas.joined(separator: ","))) }
        return Self.authorized(request, call.credentials)
    }

    /// The request that asks an Anthropic server how many tokens a prompt has; it costs nothing there. The body is in
    /// Anthropic's format already, and only the model's name is set.
    package func countRequest(_ call: ChatCall) -> UpstreamRequest {
        let body = call.body.settingMembers([("model", JSONWriter.quoted(call.endpoint.modelName))])
        return Self.authorized(call.request(path: "/messages/count_tokens", body: body), call.credentials)
    }

    private static func original(_ call: ChatCall) -> OriginalRequest? {
        call.original.flatMap { $0.dialect == .anthropic ? $0 : nil }
    }

    private static func body(of call: ChatCall) throws(UpstreamError) -> [UInt8] {
        if let original = original(call) { return body(of: call, original: original.document) }
        let root = call.body.root
        guard root.kind == .object else { throw .invalidRequest(reason: "the body is not a JSON object") }
        try refuseWhatIsUnknown(root)
        var conversation = try AnthropicConversation(root["messages"])
        if root["response_format"]?["type"]?.isString("json_object") == true {
            conversation.appendSystem(Self.wordsForJSON)
        }
        var functions = try AnthropicFunctions(root)
        if call.marksCache, !root.mentions("cache_control") {
            // A mark on the system prompt covers the tools, which stand before it.
            if !conversation.markSystem() { functions.markLast() }
            conversation.markTurns()
        }
        var writer = JSONWriter(capacity: call.body.bytes.count + 256)
        writer.object { body in
            body.member("model", call.endpoint.modelName)
            body.member(
                "max_tokens", min(maximumOutputTokens(root) ?? call.maximumOutputTokens, call.maximumOutputTokens))
            conversation.writeSystem(to: &body)
            body.member("messages", array: { conversation.write(to: &$0) })
            writeSampling(root, to: &body)
            functions.write(to: &body)
            if let cache = root["cache_control"], cache.kind == .object { body.member("cache_control", raw: cache.raw) }
            if let schema = schema(root) { write(schema: schema, to: &body) }
            if let user = root["user"]?.string { body.member("metadata", object: { $0.member("user_id", user) }) }
            if call.isStreaming { body.member("stream", true) }
        }
        return writer.bytes
    }

    /// The client's own bytes with the model's name in them.
    private static func body(of call: ChatCall, original: JSONDocument) -> [UInt8] {
        let limit = min(maximumOutputTokens(original.root) ?? call.maximumOutputTokens, call.maximumOutputTokens)
        var members = [
            (key: "model", value: JSONWriter.quoted(call.endpoint.modelName)),
            (key: "max_tokens", value: Array(String(limit).utf8)),
        ]
        if call.isStreaming { members.append(("stream", Array("true".utf8))) }
        return original.settingMembers(members, removing: ["stream"])
    }

    private static func refuseWhatIsUnknown(_ root: JSONValue) throws(UpstreamError) {
        switch root["response_format"]?["type"]?.string {
        case nil, "text", "json_object": break
        case "json_schema":
            guard schema(root) != nil else {
                throw unsaid("response_format.json_schema.schema", "must be a JSON schema of an object")
            }
        case let type?:
            throw unsaid(
                "response_format.type", "'\(type)' is no form that Anthropic's models know; send a JSON schema")
        }
        if let count = root["n"]?.integer, count > 1 {
            throw unsaid("n", "Anthropic's models give one choice; leave it out or set it to 1")
        }
        if let audio = root["audio"], !audio.isNull {
            throw unsaid("audio", "Anthropic's models do not speak; leave it out, or use another model")
        }
    }

    /// The error for what Anthropic's format cannot say, by field of the chat request.
    static func unsaid(_ field: String, _ words: String) -> UpstreamError {
        .invalidRequest(reason: "\(field): \(words)")
    }

    /// Anthropic's models have no mode for JSON without a schema.
    private static let wordsForJSON =
        "Answer with one JSON object and nothing else: no words before or after it, and no code fence."

    /// The schema that the answer has to keep to; nil where there is none.
    private static func schema(_ root: JSONValue) -> JSONValue? {
        guard let format = root["response_format"], format["type"]?.isString("json_schema") == true,
            let schema = format["json_schema"]?["schema"], schema.kind == .object
        else { return nil }
        return schema
    }

    private static func write(schema: JSONValue, to body: inout JSONWriter) {
        body.member(
            "output_config",
            object: { config in
                config.member(
                    "format",
                    object: {
                        $0.member("type", "json_schema")
                        $0.member("schema", raw: schema.raw)
                    })
            })
    }

    private static func maximumOutputTokens(_ root: JSONValue) -> Int? {
        let limit = AnswerLimit.openAI.compactMap { root[$0]?.integer }.min()
        return limit.map { Int(clamping: $0) }
    }

    private static func writeSampling(_ root: JSONValue, to body: inout JSONWriter) {
        if let temperature = root["temperature"]?.double { body.member("temperature", min(1, temperature)) }
        if let topP = root["top_p"], topP.kind == .number { body.member("top_p", raw: topP.raw) }
        guard let stop = root["stop"], !stop.isNull else { return }
        body.key("stop_sequences")
        if stop.kind == .array { body.element(raw: stop.raw) } else { body.array { $0.element(raw: stop.raw) } }
    }
}

/// A request to Anthropic's Messages API, said in OpenAI's chat format, so that any model may answer it.
///
/// Taken over: system prompts, messages with texts, images, text documents, calls of tools and their results, tools and
/// the choice among them, the limit of tokens, stop sequences, temperature, `top_p`, a schema for the answer, the user.
/// What OpenAI's format lacks (thinking, `top_k`, marks for caches) goes to models that are served in
/// Anthropic's own format, which get the original request, and is left out for the others. Refused by field is
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
    /// Members that cannot be dropped silently, with the way out.
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
        guard let marks = try SourceMarks(document) else {
            try self.init(unmarked: document, betas: betas, session: session)
            return
        }
        let chat = try ChatRequest(marks) { (document) throws(FieldError) in
            try MessagesRequest(unmarked: document, betas: betas, session: session).chat
        }
        self.init(chat: chat, session: ClaudeCode.session(header: session, metadata: document.root["metadata"]))
    }

    private init(chat: ChatRequest, session: String?) {
        self.chat = chat
        self.session = session
    }

    private init(unmarked document: JSONDocument, betas: [String], session: String?) throws(FieldError) {
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
        let tools = try AnthropicTools(tools: root["tools"], choice: root["tool_choice"])
        var writer = JSONWriter(capacity: document.bytes.count + 512)
        try writer.object { (body: inout JSONWriter) throws(FieldError) in
            if let model = root["model"] { body.member("model", raw: model.raw) }
            body.member("messages", array: { list in conversation.messages.forEach { list.element(raw: $0) } })
            body.member("max_tokens", limit)
            try Self.writeSampling(root, to: &body)
            tools.write(to: &body)
            if let policy = root["hera"] { body.member("hera", raw: policy.raw) }
        }
        guard let translated = try? JSONDocument(writer.bytes),
            let original = Self.original(document, conversation, betas)
        else {
            throw FieldError("", "is nested too deeply to be translated")
        }
        chat = try ChatRequest(
            translated, original: original, asides: conversation.asides,
            wireNeed: tools.wireNeed ?? conversation.wireNeed)
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
        if let messages = MessagesBlock.messages(root["messages"], without: MessagesBlock.isSealed) {
            set.append(("messages", messages))
        }
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
