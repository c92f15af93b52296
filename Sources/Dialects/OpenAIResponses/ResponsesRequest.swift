package import Domain
package import JSON

/// A request to OpenAI's Responses API, said in its chat format, so that any model may answer it.
///
/// Taken over: instructions, messages with texts, images and files, calls of tools and their results, functions, custom
/// tools, namespaces and the choice among them, the limit of tokens, temperature, `top_p`, the form and verbosity of the
/// text, the effort of reasoning, log-probabilities, the user. What is stored at OpenAI is refused by field, as are tools
/// that run there. What has no meaning for a router (summaries of reasoning, names of caches) is accepted.
package struct ResponsesRequest: Sendable {
    /// The same request in the chat format.
    package let chat: ChatRequest
    /// The members of the answer that repeat the request.
    package let frame: ResponsesFrame
    /// Whether the answer is to be kept.
    package let isStored: Bool
    /// Tools that were left out, as `tools[0].type web_search`.
    package let leftOut: [String]
    /// Whether the oldest messages may be left out of a conversation that is too long.
    private let isTruncated: Bool

    /// Members that refer to what is stored or done at OpenAI, and what to do instead.
    private static let refused = [
        "conversation": "conversations are not stored here: send the whole conversation as input",
        "prompt": "prompts that are stored at OpenAI cannot be read here: send instructions and input",
        "moderation": "nothing is moderated here: leave it out",
    ]

    /// Far more than the interface has; each further one would cost more than the one before it.
    private static let mostMembers = 200

    /// Reads a body. Throws what is wrong with it, or cannot be said, by field.
    ///
    /// - Parameters:
    ///   - earlier: items of the conversation that `previous_response_id` continues, a JSON list for each response.
    ///   - isStored: whether the answer is kept, if the request wants that.
    ///   - now: when the request came.
    package init(
        _ document: JSONDocument, after earlier: [JSONDocument] = [], isStored: Bool = false, at now: Timestamp = .now()
    ) throws(FieldError) {
        guard let marks = try SourceMarks(document) else {
            try self.init(unmarked: document, after: earlier, isStored: isStored, at: now)
            return
        }
        guard let whole = try? JSONDocument(marks.bytes { _ in false }) else {
            throw FieldError("", "is nested too deeply")
        }
        let request = try ResponsesRequest(unmarked: whole, after: earlier, isStored: isStored, at: now)
        let chat = try ChatRequest(marks) { (document) throws(FieldError) in
            try ResponsesRequest(unmarked: document, after: earlier, at: now).chat
        }
        self.init(chat, of: request)
    }

    private init(
        unmarked document: JSONDocument, after earlier: [JSONDocument], isStored: Bool = false, at now: Timestamp
    ) throws(FieldError) {
        let root = document.root
        guard root.kind == .object else { throw FieldError("", "the body must be a JSON object") }
        guard root.count <= Self.mostMembers else {
            throw FieldError(
                "", "the body has more than \(Self.mostMembers) members: leave out what is none of the API's")
        }
        let fields = try FieldReader(root, path: "", known: root.members.map(\.key))
        try Self.refuseWhatIsElsewhere(fields)
        let conversation = try ResponsesConversation(
            instructions: try Self.string("instructions", fields), input: fields.value("input"), after: earlier)
        let tools = try ResponsesTools(
            tools: fields.value("tools"), input: fields.value("input"), choice: fields.value("tool_choice"),
            isParallel: try fields.boolean("parallel_tool_calls") ?? true)
        var writer = JSONWriter(capacity: document.bytes.count + 512)
        try writer.object { (body: inout JSONWriter) throws(FieldError) in
            if let model = fields.value("model") { body.member("model", raw: model.raw) }
            body.member("messages", array: { list in conversation.messages.forEach { list.element(raw: $0) } })
            try Self.writeSampling(fields, to: &body)
            try Self.writeLogProbabilities(fields, to: &body)
            try ResponsesText(fields.value("text")).write(to: &body)
            tools.write(to: &body)
            if let policy = fields.value("hera") { body.member("hera", raw: policy.raw) }
        }
        guard let translated = try? JSONDocument(writer.bytes) else {
            throw FieldError("", "is nested too deeply to be translated")
        }
        chat = try ChatRequest(translated, original: nil, asides: conversation.asides)
        let isWanted = try fields.boolean("store") ?? true
        self.isStored = isStored && isWanted
        leftOut = tools.leftOut
        isTruncated = fields.value("truncation")?.isString("auto") == true
        frame = try ResponsesFrame(fields, tools: tools.names, isStored: self.isStored, createdAt: now)
    }

    private init(_ chat: ChatRequest, of request: ResponsesRequest) {
        self.chat = chat
        frame = request.frame
        isStored = request.isStored
        leftOut = request.leftOut
        isTruncated = request.isTruncated
    }

    /// The request without the oldest quarter of its conversation (`truncation: auto`); nil where it may not be cut, or
    /// nothing is left to cut.
    package func shortened() throws(FieldError) -> ResponsesRequest? {
        guard isTruncated, let chat = try chat.withoutOldest() else { return nil }
        return ResponsesRequest(chat, of: self)
    }

    /// The response whose conversation a request continues; nil where it names none.
    package static func previous(in document: JSONDocument) throws(FieldError) -> String? {
        guard let value = document.root["previous_response_id"], !value.isNull else { return nil }
        guard let id = value.string, !id.isEmpty else { throw FieldError("previous_response_id", "must be a string") }
        return id
    }

    /// The input of a request as a list of items.
    package static func items(in document: JSONDocument) -> [UInt8] {
        guard let input = document.root["input"] else { return Array("[]".utf8) }
        if input.kind == .array { return Array(input.raw) }
        var writer = JSONWriter(capacity: input.raw.count + 64)
        writer.array { list in
            list.object { item in
                item.member("type", "message")
                item.member("role", "user")
                item.member("content", raw: input.raw)
            }
        }
        return writer.bytes
    }

    private static func refuseWhatIsElsewhere(_ fields: FieldReader) throws(FieldError) {
        for (name, words) in refused where fields.value(name) != nil { throw FieldError(name, words) }
        if try fields.boolean("background") == true {
            throw FieldError("background", "must be false: what shall go on by itself is a job (POST /v1/jobs)")
        }
        if let truncation = try fields.string("truncation"), !["disabled", "auto"].contains(truncation) {
            throw FieldError("truncation", "must be auto or disabled")
        }
        if let management = fields.value("context_management"), management.count > 0 {
            throw FieldError("context_management", "nothing is compacted here: send what fits the model")
        }
        if let tier = try fields.string("service_tier"), tier != "auto", tier != "default" {
            throw FieldError(
                "service_tier", #"is the policy's to say: send "hera": {"service_tiers": ["standard", "flex"]}"#)
        }
    }

    private static func writeLogProbabilities(_ fields: FieldReader, to body: inout JSONWriter) throws(FieldError) {
        let count = try fields.integer("top_logprobs", in: 0...20) ?? 0
        let isIncluded = try fields.strings("include")?.contains("message.output_text.logprobs") ?? false
        guard count > 0 || isIncluded else { return }
        body.member("logprobs", true)
        if count > 0 { body.member("top_logprobs", count) }
    }

    /// A member that has to be a string, as it is spelled.
    private static func string(_ name: String, _ fields: FieldReader) throws(FieldError) -> JSONValue? {
        guard try fields.string(name) != nil else { return nil }
        return fields.value(name)
    }

    private static func writeSampling(_ fields: FieldReader, to body: inout JSONWriter) throws(FieldError) {
        if let limit = try fields.integer("max_output_tokens", in: 1...1 << 40) { body.member("max_tokens", limit) }
        for (name, most) in [("temperature", 2.0), ("top_p", 1.0)] {
            guard try fields.number(name, in: 0...most) != nil, let value = fields.value(name) else { continue }
            body.member(name, raw: value.raw)
        }
        if let reasoning = fields.value("reasoning") {
            guard reasoning.kind == .object else {
                throw FieldError("reasoning", #"must be an object like {"effort": "low"}"#)
            }
            if let effort = reasoning["effort"], !effort.isNull {
                guard effort.kind == .string else { throw FieldError("reasoning.effort", "must be a string") }
                body.member("reasoning_effort", raw: effort.raw)
            }
        }
        if let user = try string("user", fields) { body.member("user", raw: user.raw) }
        if let key = try string("prompt_cache_key", fields) { body.member("prompt_cache_key", raw: key.raw) }
        if try fields.boolean("stream") == true {
            body.member("stream", true)
            // The last event of these streams counts the tokens.
            body.member("stream_options", object: { $0.member("include_usage", true) })
        }
    }
}

/// The form of the text that a Responses request asks for (its member `text`), to be written in the chat format.
struct ResponsesText {
    /// `response_format` as JSON text; nil for plain text.
    private var format: [UInt8]?
    private var verbosity: JSONValue?

    init(_ text: JSONValue?) throws(FieldError) {
        guard let text else { return }
        guard text.kind == .object else {
            throw FieldError("text", #"must be an object like {"format": {"type": "text"}}"#)
        }
        if let format = text["format"], !format.isNull { self.format = try Self.format(format) }
        if let verbosity = text["verbosity"], !verbosity.isNull {
            guard ["low", "medium", "high"].contains(verbosity.string) else {
                throw FieldError("text.verbosity", "must be one of low, medium, high")
            }
            self.verbosity = verbosity
        }
    }

    private static func format(_ format: JSONValue) throws(FieldError) -> [UInt8]? {
        switch format["type"]?.string {
        case "text": return nil
        case "json_object": return Array(#"{"type":"json_object"}"#.utf8)
        case "json_schema": break
        default: throw FieldError("text.format.type", "must be one of text, json_object, json_schema")
        }
        guard format["name"]?.string?.isEmpty == false else {
            throw FieldError("text.format.name", "must be a string: a name for the schema")
        }
        guard format["schema"]?.kind == .object else {
            throw FieldError("text.format.schema", #"must be a JSON schema like {"type": "object"}"#)
        }
        var writer = JSONWriter(capacity: format.raw.count + 64)
        writer.object { item in
            item.member("type", "json_schema")
            item.member(
                "json_schema",
                object: { schema in
                    for name in ["name", "description", "strict", "schema"] {
                        guard let value = format[name], !value.isNull else { continue }
                        schema.member(name, raw: value.raw)
                    }
                })
        }
        return writer.bytes
    }

    /// Writes the members `response_format` and `verbosity`.
    func write(to body: inout JSONWriter) {
        if let format { body.member("response_format", raw: format) }
        if let verbosity { body.member("verbosity", raw: verbosity.raw) }
    }
}
