package import Domain
package import JSON
import Upstream

/// An OpenAI chat request: its bytes, and the few fields that routing needs.
package struct ChatRequest: Sendable {
    package let document: JSONDocument
    /// The model as asked for: `hera`, `hera/<policy>` or a catalog id.
    package let model: String
    package let isStream: Bool
    /// Whether the client asked for the usage chunk at the end of a stream.
    package let wantsUsageChunk: Bool
    package let messages: [ChatMessage]
    package let maxOutputTokens: Int?
    package let tools: JSONValue?
    package let needs: Set<Capability>
    /// The one format that the request can be said in; nil where every server's will do.
    package let wireNeed: WireNeed?
    /// Answers that are asked for (`n`).
    package let choices: Int
    /// Hera's own member of the body: a policy for this call.
    package let policy: JSONValue?
    /// The request in the client's own dialect, where that is not OpenAI's chat and servers speak it.
    package let original: OriginalRequest?
    /// Indices of user messages that came together with results of tools, so that they begin no new request.
    private let asides: Set<Int>
    /// Sources that may be left out; nil without any.
    package var sources: RequestSources?

    /// Reads a body. Throws what is wrong with it, by field.
    package init(_ document: JSONDocument) throws(FieldError) {
        let plain = try ChatRequest(document, original: nil, asides: [])
        // Nearly all requests have no mark, and looking for one would read every message once more.
        guard plain.messages.contains(where: \.mayHoldMarks), let marks = try SourceMarks(document) else {
            self = plain
            return
        }
        try self.init(marks) { (document) throws(FieldError) in
            try ChatRequest(document, original: nil, asides: [])
        }
    }

    /// Reads a body that was translated from another dialect.
    ///
    /// - Parameters:
    ///   - asides: indices of user messages that came together with results of tools.
    ///   - wireNeed: the format that alone can say the request, where the translation has lost something.
    init(
        _ document: JSONDocument, original: OriginalRequest?, asides: Set<Int>, wireNeed: WireNeed? = nil
    ) throws(FieldError) {
        let root = document.root
        guard root.kind == .object else { throw FieldError("", "the body must be a JSON object") }
        guard let model = root["model"]?.string, !model.isEmpty else {
            throw FieldError("model", "is missing: use \"hera\", \"hera/<policy>\" or a model of GET /v1/models")
        }
        guard let list = root["messages"], list.kind == .array else {
            throw FieldError("messages", "is missing: give a list of messages")
        }
        var messages: [ChatMessage] = []
        for (index, element) in list.elements.enumerated() {
            messages.append(try ChatMessage(element, index: index))
        }
        guard !messages.isEmpty else {
            throw FieldError(
                "messages", "is empty: give at least one message, like {\"role\": \"user\", \"content\": \"...\"}")
        }
        choices = try Self.choices(root["n"])
        if let stream = root["stream"], !stream.isNull, stream.boolean == nil {
            throw FieldError("stream", "must be true or false")
        }
        for name in ["web_search_options", "plugins"] {
            if let value = root[name], !value.isNull {
                throw FieldError(name, "has a price of its own that nobody knows before: offer a tool of yours instead")
            }
        }
        self.document = document
        self.model = model
        self.messages = messages
        self.original = original
        self.asides = asides
        isStream = root["stream"]?.boolean ?? false
        wantsUsageChunk = root["stream_options"]?["include_usage"]?.boolean ?? false
        tools = root["tools"].flatMap { $0.count > 0 ? $0 : nil }
        policy = root["hera"].flatMap { $0.isNull ? nil : $0 }
        maxOutputTokens = try Self.limit(root)
        var needs: Set<Capability> = []
        if tools != nil { needs.insert(.tools) }
        if root["response_format"]?["type"]?.string == "json_schema" { needs.insert(.structuredOutput) }
        for message in messages {
            for type in message.partTypes {
                if type == "image_url" || type == "image" { needs.insert(.vision) }
                if type == "input_audio" { needs.insert(.audio) }
                if type == "file" { needs.insert(.pdf) }
            }
        }
        self.needs = needs
        self.wireNeed = wireNeed ?? Self.openAINeed(root, messages)
    }

    /// Most answers of one request, as in OpenAI's interface.
    private static let mostChoices: Int64 = 128

    private static func choices(_ value: JSONValue?) throws(FieldError) -> Int {
        guard let value, !value.isNull else { return 1 }
        guard let count = value.integer, (1...mostChoices).contains(count) else {
            throw FieldError("n", "must be a whole number from 1 to \(mostChoices)")
        }
        return Int(count)
    }

    /// Log-probabilities and files of a server are known to OpenAI's format alone.
    private static func openAINeed(_ root: JSONValue, _ messages: [ChatMessage]) -> WireNeed? {
        if root["logprobs"]?.boolean == true { return WireNeed(.openAI, for: "logprobs") }
        for message in messages where message.files.contains(where: { $0["file"]?["file_id"]?.string != nil }) {
            return WireNeed(.openAI, for: "file_id")
        }
        return nil
    }

    /// Whether `tool_choice` leaves the model no other answer than a call.
    private var forcesTool: Bool {
        guard let choice = document.root["tool_choice"], !choice.isNull else { return false }
        return choice.kind == .object || choice.isString("required")
    }

    /// The same request with another body.
    package func replacing(document: JSONDocument) throws(FieldError) -> ChatRequest {
        try replacing(document: document, original: original)
    }

    func replacing(document: JSONDocument, original: OriginalRequest?) throws(FieldError) -> ChatRequest {
        // Files are gone, or named as before.
        let need =
            wireNeed?.member == MessagesBlock.sourceMember && !needs(in: document).contains(.pdf) ? nil : wireNeed
        return try ChatRequest(document, original: original, asides: asides, wireNeed: need)
    }

    private func needs(in document: JSONDocument) -> Set<Capability> {
        let types = document.root["messages"]?.elements.flatMap {
            $0["content"]?.elements.map { $0["type"]?.string } ?? []
        }
        return types?.contains("file") == true ? [.pdf] : []
    }

    private static func limit(_ root: JSONValue) throws(FieldError) -> Int? {
        var least: Int?
        for name in AnswerLimit.openAI {
            guard let value = root[name], !value.isNull else { continue }
            guard let limit = value.integer, limit > 0, limit < 1 << 40 else {
                throw FieldError(name, "must be a whole number above 0")
            }
            least = min(least ?? .max, Int(limit))
        }
        return least ?? AnswerLimit.other(root)
    }

    /// The member of a message that says what its server may want back of it (``ChatAnswer/seal(of:)``). It is set in
    /// place for that server, and left out for others.
    package static let keptMember = KeptMembers.name

    /// 1 + the assistant's turns since the last new request of the user (docs/internals/routing.md).
    package var position: Int {
        messages[(lastRequest ?? 0)...].count { $0.role == .assistant } + 1
    }

    /// Whether a user message came together with results of tools.
    func isAside(_ index: Int) -> Bool { asides.contains(index) }

    /// Where the last new request of the user stands; nil where there is none.
    var lastRequest: Int? { messages.indices.last { messages[$0].role == .user && !asides.contains($0) } }

    /// A name for the run that the call belongs to, from the messages that do not change during a run: everything up to
    /// and including the first user message. 64-bit FNV-1a, in hexadecimal.
    package var sessionID: String {
        var hash = StableHash()
        for message in messages {
            hash.combine(message.value.raw)
            if message.role == .user { break }
        }
        return "session_" + hash.hexadecimal
    }

    /// The messages as digests, by what models read of them: role, content, calls of tools. Marks for caches and the
    /// spelling of the JSON round them do not count.
    package var trail: StepHistory {
        var trail = StepHistory()
        for message in messages { trail.append { message.combine(into: &$0) } }
        return trail
    }

    /// The steps since a request: what the assistant said, and what came back.
    private func turns(after request: Int?) -> [(said: String, result: String)] {
        guard let request else { return [] }
        var turns: [(said: String, result: String)] = []
        for message in messages[(request + 1)...] {
            if message.role == .assistant {
                turns.append((message.said, ""))
            } else if let last = turns.indices.last {
                turns[last].result += message.text
            }
        }
        return turns
    }

    /// More tokens than any provider is known to add to a prompt for tools: Anthropic's documentation of tool use names
    /// 264 to 530, by the model and `tool_choice`.
    private static let mostWordsOfServers = 1000

    /// Marks for caches, where an Anthropic server would get the request.
    private var cacheMarks: CacheMarks {
        if (original?.document ?? document).root.mentions("cache_control") { return .callers }
        return original?.dialect == .anthropic ? .closed : .open
    }

    /// The step that this call asks for.
    ///
    /// - Parameter end: where the run's messages ended at its last step; where these do not go on from there, no cache
    ///   holds them.
    package func step(id: String, runID: String, previousModel: ModelID?, after end: StepHistory.End? = nil) -> Step {
        let trail = trail
        let lastUser = lastRequest
        let prompt = lastUser.map { messages[$0].text } ?? messages.map(\.text).joined(separator: "\n")
        let after = lastUser.map { messages[($0 + 1)...].map(\.said).joined(separator: "\n") } ?? ""
        // A server of the request's own dialect reads it as it was said there, which may be longer.
        let original = original?.document.bytes.count ?? 0
        let form = document.root["response_format"]?.raw.count ?? 0
        let whole = max(messages.reduce(0) { $0 + $1.value.raw.count } + (tools?.raw.count ?? 0) + form, original)
        // Any other member that a server gets may find its way into the prompt, too, such as `functions`.
        let beside = max(0, document.bytes.count - (policy?.raw.count ?? 0) - whole)
        // Servers add text of their own about how to call tools and keep to forms.
        let words = tools == nil && form == 0 && document.root["functions"] == nil ? 0 : Self.mostWordsOfServers
        // Images are counted by themselves: their bytes, or those of their address, say nothing of their tokens.
        let images = messages.flatMap(\.images)
        let files = messages.flatMap(\.files)
        var fileTokens = FileTokens()
        for file in files { fileTokens.add(bytes: PromptFile.byteCount(file)) }
        let size = max(0, whole - (images + files).reduce(0) { $0 + $1.raw.count })
        let estimate = TokenEstimate(bytes: size, messages: messages.count, images: images.count)
        // What the previous call has read is in its cache: all but the newest messages.
        let newImages = messages.last?.images ?? []
        let newFiles = messages.last?.files ?? []
        let newest = (messages.last?.value.raw.count ?? 0) - (newImages + newFiles).reduce(0) { $0 + $1.raw.count }
        let isWarm = previousModel != nil && (end.map(trail.follows) ?? true)
        let read = TokenEstimate(
            bytes: size - newest, messages: messages.count, images: images.count - newImages.count)
        let cached = isWarm ? read.likely : 0
        var step = Step(
            id: id, runID: runID, position: position,
            text: StepText(
                prompt: prompt, tools: tools.map { String(decoding: $0.raw, as: UTF8.self) },
                history: String(after.suffix(4000))),
            promptTokens: estimate.likely + fileTokens.likely,
            promptTokensAtMost: estimate.atMost + fileTokens.atMost + beside + words,
            maxOutputTokens: maxOutputTokens,
            needs: needs, previousModel: previousModel, cachedTokens: cached, images: images.count,
            cachedImages: isWarm ? images.count - newImages.count : 0, history: trail,
            signs: RunSigns(turns(after: lastUser)))
        step.wireNeed = wireNeed
        step.cacheMarks = cacheMarks
        step.choices = choices
        step.effort = AskedEffort(document.root, original: self.original?.document.root)
        step.forcesTool = forcesTool
        step.isStream = isStream
        step.files = fileTokens
        if let sources {
            step.sources = sources.step
        }
        return step
    }
}

/// A request as a client sent it in another dialect than OpenAI's chat. Servers of that dialect get this one, so that
/// nothing is lost in translation.
package struct OriginalRequest: Sendable {
    package let dialect: WireFormat
    /// Without the members that are the service's own.
    package let document: JSONDocument
    /// Features for the header `anthropic-beta` (``AnthropicBeta``).
    package let betas: [String]

    package init(dialect: WireFormat, document: JSONDocument, betas: [String] = []) {
        self.dialect = dialect
        self.document = document
        self.betas = betas
    }
}

/// Tokens of a prompt, before a tokenizer has seen it.
package struct TokenEstimate: Hashable, Sendable {
    /// About four bytes a token, the usual figure for English and code; images as of a model that says nothing of them.
    package let likely: Int
    /// No byte-pair tokenizer makes more than one token of a byte; chat templates add a few marks per message.
    package let atMost: Int

    /// - Parameter bytes: those of the text, without images.
    package init(bytes: Int, messages: Int, images: Int = 0) {
        likely = max(1, (bytes + 3) / 4) + ImageTokens.likelyWhereUnknown * images
        atMost = bytes + 16 * messages + 64 + ImageTokens.mostWhereUnknown * images
    }

    package init(likely: Int, atMost: Int) {
        self.likely = likely
        self.atMost = atMost
    }
}
