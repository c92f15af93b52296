import Domain
import JSON

/// The messages of a request in Anthropic's format, in OpenAI's: results of tools become messages of their own, which
/// stand right behind the calls.
struct MessagesConversation {
    /// Each a JSON object.
    private(set) var messages: [[UInt8]] = []
    /// Indices of user messages that came together with results of tools.
    private(set) var asides: Set<Int> = []
    /// Whether the turn under way, with its calls of tools, began without a block of thinking.
    private(set) var isWorkingWithoutThinking = false
    /// The format that a block needs; nil where every server's will do.
    private(set) var wireNeed: WireNeed?
    /// Whether the last message of the assistant called tools.
    private var isWorking = false

    init(system: JSONValue?, messages list: JSONValue?) throws(FieldError) {
        if let system, !system.isNull { try read(system: system, path: "system") }
        guard let list, list.kind == .array else {
            throw FieldError("messages", "is missing: give a list of messages")
        }
        for (index, message) in list.elements.enumerated() {
            try read(message, path: "messages[\(index)]")
        }
        guard !messages.isEmpty, list.count > 0 else {
            throw FieldError(
                "messages", #"is empty: give at least one message, like {"role": "user", "content": "..."}"#)
        }
    }

    /// A system prompt: its texts as one.
    private mutating func read(system: JSONValue, path: String) throws(FieldError) {
        var text = system.string ?? ""
        if system.kind == .array {
            var texts: [String] = []
            for (index, block) in system.elements.enumerated() where !ClaudeCode.isAttribution(block) {
                guard let text = block["text"]?.string else {
                    throw FieldError("\(path)[\(index)]", #"must be a block like {"type": "text", "text": "..."}"#)
                }
                texts.append(text)
            }
            text = texts.joined(separator: "\n\n")
        } else if system.kind != .string {
            throw FieldError(path, "must be a string or a list of text blocks")
        }
        guard !text.isEmpty else { return }
        append(role: "system") { $0.member("content", text) }
    }

    private mutating func read(_ message: JSONValue, path: String) throws(FieldError) {
        guard let role = message["role"]?.string, ["user", "assistant", "system"].contains(role) else {
            throw FieldError("\(path).role", "must be one of user, assistant, system")
        }
        let isUser = role == "user"
        guard let content = message["content"], content.kind == .string || content.kind == .array else {
            throw FieldError("\(path).content", "must be a string or a list of blocks")
        }
        if wireNeed == nil { wireNeed = content.elements.compactMap { MessagesBlock.wireNeed(of: $0) }.first }
        if role == "system" { return try read(system: content, path: "\(path).content") }
        if content.kind == .string {
            if isUser { beginRequest() }
            append(role: isUser ? "user" : "assistant") { $0.member("content", raw: content.raw) }
        } else if isUser {
            try readUser(content, path: "\(path).content")
        } else {
            try readAssistant(content, path: "\(path).content")
        }
    }

    // MARK: The user's blocks

    private mutating func beginRequest() {
        isWorking = false
        isWorkingWithoutThinking = false
    }

    private mutating func readUser(_ content: JSONValue, path: String) throws(FieldError) {
        var parts: [[UInt8]] = []
        var hasResults = false
        for (index, block) in content.elements.enumerated() {
            let path = "\(path)[\(index)]"
            if block["type"]?.isString("tool_result") == true {
                hasResults = true
                // OpenAI's results of tools are text alone; their images follow as the user's.
                parts += try readResult(block, path: path)
            } else {
                parts += try MessagesBlock.parts(of: block, path: path)
            }
        }
        if !hasResults { beginRequest() }
        guard !parts.isEmpty || !hasResults else { return }
        if hasResults { asides.insert(messages.count) }
        append(role: "user") { Self.write(parts, to: &$0) }
    }

    /// Appends the result's message; returns its images.
    private mutating func readResult(_ block: JSONValue, path: String) throws(FieldError) -> [[UInt8]] {
        guard let id = block["tool_use_id"], id.kind == .string else {
            throw FieldError("\(path).tool_use_id", "is missing: name the call that this is the result of")
        }
        var texts: [[UInt8]] = []
        var images: [[UInt8]] = []
        if let content = block["content"], content.kind == .array {
            for (index, block) in content.elements.enumerated() {
                let parts = try MessagesBlock.parts(of: block, path: "\(path).content[\(index)]")
                let isFile = parts.first.map { MessagesBlock.text(in: $0) == nil } ?? false
                if isFile { images += parts } else { texts += parts }
            }
        } else if let text = block["content"]?.string {
            texts = [MessagesBlock.text(text)]
        }
        if texts.isEmpty, !images.isEmpty { texts = [MessagesBlock.text(Self.note(of: images))] }
        if texts.isEmpty, block["is_error"]?.boolean == true { texts = [MessagesBlock.text("The tool failed.")] }
        append(role: "tool") { message in
            message.member("tool_call_id", raw: id.raw)
            Self.write(texts, to: &message)
        }
        return images
    }

    /// The words of a result whose images and files follow it.
    private static func note(of parts: [[UInt8]]) -> String {
        let isFile = parts.contains { $0.starts(with: #"{"type":"file""#.utf8) }
        return "The result is the \(isFile ? "file" : "image") that follows."
    }

    // MARK: The assistant's blocks

    private mutating func readAssistant(_ content: JSONValue, path: String) throws(FieldError) {
        let kept = Self.kept(in: content)
        var parts: [[UInt8]] = []
        var calls: [[UInt8]] = []
        for (index, block) in content.elements.enumerated() {
            switch block["type"]?.string {
            case "thinking", "redacted_thinking": continue
            case "tool_use":
                calls.append(try MessagesBlock.call(block, path: "\(path)[\(index)]"))
            default: parts += try MessagesBlock.parts(of: block, path: "\(path)[\(index)]")
            }
        }
        if !isWorking, !calls.isEmpty {
            // Blocks that were sealed here are no thinking for Anthropic's servers.
            let first = content.elements.first { !MessagesBlock.isSealed($0) }?["type"]?.string ?? ""
            isWorkingWithoutThinking = !["thinking", "redacted_thinking"].contains(first)
        }
        isWorking = !calls.isEmpty
        append(role: "assistant") { message in
            if parts.isEmpty, !calls.isEmpty {
                message.memberNull("content")
            } else {
                Self.write(parts, to: &message)
            }
            if !kept.isEmpty { message.member(KeptMembers.name, kept.seal) }
            guard !calls.isEmpty else { return }
            message.member("tool_calls", array: { list in calls.forEach { list.element(raw: $0) } })
        }
    }

    /// What the providers of an assistant's message want back, from the blocks that hera made of it.
    private static func kept(in content: JSONValue) -> KeptMembers {
        var all = KeptMembers()
        var texts: [String: String] = [:]
        for block in content.elements {
            guard let kept = KeptMembers(block["signature"]?.string ?? block["data"]?.string) else { continue }
            all.add(kept)
            if let member = kept.member { texts[member, default: ""] += block["thinking"]?.string ?? "" }
        }
        for (member, text) in texts.sorted(by: { $0.key < $1.key }) {
            all.message.set(member, JSONWriter.quoted(text))
        }
        return all
    }

    // MARK: Writing

    private mutating func append(role: String, _ members: (inout JSONWriter) -> Void) {
        var writer = JSONWriter(capacity: 256)
        writer.object { message in
            message.member("role", role)
            members(&message)
        }
        messages.append(writer.bytes)
    }

    /// One text stands as a string, which every server understands; else a list of parts.
    private static func write(_ parts: [[UInt8]], to message: inout JSONWriter) {
        if parts.isEmpty { return message.member("content", "") }
        if parts.count == 1, let text = MessagesBlock.text(in: parts[0]) {
            return message.member("content", raw: text)
        }
        message.member("content", array: { list in parts.forEach { list.element(raw: $0) } })
    }
}
