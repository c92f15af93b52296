package import Domain
package import JSON

/// A request to OpenAI's Responses API, said in its chat format, so that any model may answer it.
///
/// Taken over: instructions, messages with texts and images, calls of functions and their results, functions and the
/// choice among them, the limit of tokens, temperature, `top_p`, the form and verbosity of the text, the effort of
/// reasoning, the user. Nothing is stored, so what refers to stored things is refused by field, as are tools that run at
/// OpenAI. What has no meaning for a router (`include`, `store`, summaries of reasoning, names of caches) is accepted.
package struct ResponsesRequest: Sendable {
    /// The same request in the chat format.
    package let chat: ChatRequest
    /// The members of the answer that repeat the request.
    package let frame: ResponsesFrame

    /// Members that refer to what is stored or done at OpenAI, and what to do instead.
    private static let refused = [
        "previous_response_id": "answers are not stored here: send the whole conversation as input",
        "conversation": "conversations are not stored here: send the whole conversation as input",
        "prompt": "prompts that are stored at OpenAI cannot be read here: send instructions and input",
        "moderation": "nothing is moderated here: leave it out",
    ]

    /// Far more than the interface has; each further one would cost more than the one before it.
    private static let mostMembers = 200

    /// Reads a body. Throws what is wrong with it, or cannot be said, by field.
    ///
    /// - Parameter now: when the request came.
    package init(_ document: JSONDocument, at now: Timestamp = .now()) throws(FieldError) {
        guard let marks = try SourceMarks(document) else {
            try self.init(unmarked: document, at: now)
            return
        }
        let chat = try ChatRequest(marks) { (document) throws(FieldError) in
            try ResponsesRequest(unmarked: document, at: now).chat
        }
        let root = document.root
        let fields = try FieldReader(root, path: "", known: root.members.map(\.key))
        self.init(chat: chat, frame: try ResponsesFrame(fields, createdAt: now))
    }

    private init(chat: ChatRequest, frame: ResponsesFrame) {
        self.chat = chat
        self.frame = frame
    }

    private init(unmarked document: JSONDocument, at now: Timestamp) throws(FieldError) {
        let root = document.root
        guard root.kind == .object else { throw FieldError("", "the body must be a JSON object") }
        guard root.count <= Self.mostMembers else {
            throw FieldError(
                "", "the body has more than \(Self.mostMembers) members: leave out what is none of the API's")
        }
        let fields = try FieldReader(root, path: "", known: root.members.map(\.key))
        try Self.refuseWhatIsElsewhere(fields)
        let conversation = try ResponsesConversation(
            instructions: try Self.string("instructions", fields), input: fields.value("input"))
        let tools = try ResponsesTools(
            tools: fields.value("tools"), choice: fields.value("tool_choice"),
            isParallel: try fields.boolean("parallel_tool_calls") ?? true)
        var writer = JSONWriter(capacity: document.bytes.count + 512)
        try writer.object { (body: inout JSONWriter) throws(FieldError) in
            if let model = fields.value("model") { body.member("model", raw: model.raw) }
            body.member("messages", array: { list in conversation.messages.forEach { list.element(raw: $0) } })
            try Self.writeSampling(fields, to: &body)
            try ResponsesText(fields.value("text")).write(to: &body)
            tools.write(to: &body)
            if let policy = fields.value("hera") { body.member("hera", raw: policy.raw) }
        }
        guard let translated = try? JSONDocument(writer.bytes) else {
            throw FieldError("", "is nested too deeply to be translated")
        }
        chat = try ChatRequest(translated, original: nil, asides: conversation.asides)
        frame = try ResponsesFrame(fields, createdAt: now)
    }

    private static func refuseWhatIsElsewhere(_ fields: FieldReader) throws(FieldError) {
        for (name, words) in refused where fields.value(name) != nil { throw FieldError(name, words) }
        if try fields.boolean("background") == true {
            throw FieldError("background", "must be false: what shall go on by itself is a job (POST /v1/jobs)")
        }
        _ = try fields.boolean("store")
        if let truncation = fields.value("truncation"), !truncation.isString("disabled") {
            throw FieldError("truncation", "must be disabled: nothing is cut here, send what fits the model")
        }
        if let management = fields.value("context_management"), management.count > 0 {
            throw FieldError("context_management", "nothing is compacted here: send what fits the model")
        }
        if let tier = try fields.string("service_tier"), tier != "auto", tier != "default" {
            throw FieldError(
                "service_tier", #"is the policy's to say: send "hera": {"service_tiers": ["standard", "flex"]}"#)
        }
        try refuseLogProbabilities(fields)
    }

    /// They would be missed in the answer.
    private static func refuseLogProbabilities(_ fields: FieldReader) throws(FieldError) {
        let words = "log-probabilities are given by POST /v1/chat/completions alone: leave it out"
        if let count = fields.value("top_logprobs"), count.integer != 0 { throw FieldError("top_logprobs", words) }
        for (index, name) in (try fields.strings("include") ?? []).enumerated()
        where name == "message.output_text.logprobs" {
            throw FieldError("include[\(index)]", words)
        }
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
