import Domain
import JSON

/// The input of a Responses request as chat messages: what the assistant said and the calls that came with it are one
/// message, and results of tools are messages of their own.
struct ResponsesConversation {
    /// An assistant's turn as far as it was read.
    private struct Turn {
        var parts: [ResponsesPart] = []
        /// Whether it has a message, be it empty.
        var hasMessage = false
        /// Calls of functions.
        var calls: [Call] = []
        /// What the provider wants back, and texts of reasoning by the member that they stood in.
        var kept = KeptMembers()
        var reasoning: [String: String] = [:]
    }

    /// A call's members as JSON strings.
    private struct Call {
        let id: JSONValue
        let name: [UInt8]
        let arguments: [UInt8]

        func write(to list: inout JSONWriter) {
            list.object { OpenAITools.writeCall(id: id.raw, name: name, arguments: arguments, to: &$0) }
        }
    }

    /// Each a JSON object.
    private(set) var messages: [[UInt8]] = []
    /// Indices of user messages that hold the images of results of tools.
    private(set) var asides: Set<Int> = []
    private var turn: Turn?
    /// Images of the results that stand last.
    private var images: [ResponsesPart] = []

    /// - Parameters:
    ///   - instructions: a string.
    ///   - input: a string, or a list of items.
    ///   - earlier: lists of the items that the conversation begins with.
    init(instructions: JSONValue?, input: JSONValue?, after earlier: [JSONDocument] = []) throws(FieldError) {
        if let instructions, !instructions.isString("") {
            append(role: "system") { $0.member("content", raw: instructions.raw) }
        }
        guard let input, input.kind == .string || input.kind == .array else {
            throw FieldError("input", "is missing: give a string or a list of items")
        }
        for list in earlier {
            for item in list.root.elements { try read(item, path: "previous_response_id") }
        }
        if input.kind == .string { append(role: "user", [.text(input.raw)]) }
        for (index, item) in input.elements.enumerated() { try read(item, path: "input[\(index)]") }
        closeTurn()
        closeResults()
        guard !messages.isEmpty else {
            throw FieldError("input", #"is empty: give at least one item, like {"role": "user", "content": "..."}"#)
        }
    }

    private mutating func read(_ item: JSONValue, path: String) throws(FieldError) {
        guard item.kind == .object else {
            throw FieldError(path, #"must be an item like {"role": "user", "content": "..."}"#)
        }
        switch item["type"]?.string ?? (item["role"] == nil ? "item_reference" : "message") {
        case "message": try readMessage(item, path: path)
        case "function_call": try readCall(item, path: path)
        case "custom_tool_call": try readCall(item, isCustom: true, path: path)
        case "function_call_output", "custom_tool_call_output": try readResult(item, path: path)
        // Tools are not part of the conversation, and what OpenAI's own did is known to its servers alone.
        case "additional_tools", "web_search_call", "image_generation_call": break
        case "reasoning": readReasoning(item)
        case "item_reference":
            throw FieldError(path, "refers to an item that is stored elsewhere: send the item itself")
        case let type:
            throw FieldError(
                "\(path).type",
                "'\(type)' cannot be passed on to every model; use message, function_call, function_call_output")
        }
    }

    private mutating func readMessage(_ item: JSONValue, path: String) throws(FieldError) {
        let parts = try ResponsesPart.list(item["content"], path: "\(path).content")
        switch item["role"]?.string {
        case "user": append(role: "user", parts)
        // Most servers know no other name for it.
        case "system", "developer": append(role: "system", parts)
        case "assistant":
            closeResults()
            // Words between calls and their results belong to the calls: nothing may stand between the two.
            if let turn, turn.calls.isEmpty, turn.hasMessage { closeTurn() }
            turn = turn ?? Turn()
            turn?.hasMessage = true
            turn?.parts += parts
        default: throw FieldError("\(path).role", "must be one of user, system, developer, assistant")
        }
    }

    private mutating func readCall(_ item: JSONValue, isCustom: Bool = false, path: String) throws(FieldError) {
        let id = try Self.string("call_id", of: item, path)
        let name = ResponsesToolName(
            namespace: item["namespace"]?.string, name: try Self.string("name", of: item, path).string ?? "")
        let arguments: [UInt8]
        if isCustom {
            arguments = ResponsesToolName.arguments(of: try Self.string("input", of: item, path))
        } else {
            arguments = Array(try Self.string("arguments", of: item, path).raw)
        }
        closeResults()
        turn = turn ?? Turn()
        turn?.calls.append(Call(id: id, name: JSONWriter.quoted(name.chatName), arguments: arguments))
    }

    /// Reasoning that was sealed here goes back to the server that wrote it. Other servers' is sealed for them, and no chat
    /// server takes it back.
    private mutating func readReasoning(_ item: JSONValue) {
        guard let kept = KeptMembers(item["encrypted_content"]?.string) else { return }
        closeResults()
        turn = turn ?? Turn()
        turn?.kept.add(kept)
        guard let member = kept.member else { return }
        let parts = [item["content"], item["summary"]].lazy.compactMap { $0 }.first { $0.count > 0 }
        turn?.reasoning[member, default: ""] += parts?.elements.compactMap { $0["text"]?.string }.joined() ?? ""
    }

    private mutating func readResult(_ item: JSONValue, path: String) throws(FieldError) {
        let id = try Self.string("call_id", of: item, path)
        let parts = try ResponsesPart.list(item["output"], path: "\(path).output")
        var words = parts.filter(\.isText)
        // Results of tools are text alone in the chat format; their images and files follow as the user's.
        images += parts.filter { !$0.isText }
        if words.isEmpty, !parts.isEmpty {
            words = [.text(JSONWriter.quoted(ResponsesPart.note(of: parts))[...])]
        }
        closeTurn()
        append(role: "tool") { message in
            message.member("tool_call_id", raw: id.raw)
            ResponsesPart.write(words, to: &message)
        }
    }

    private static func string(
        _ name: String, of item: JSONValue, _ path: String
    ) throws(FieldError) -> JSONValue {
        guard let value = item[name], value.kind == .string else {
            throw FieldError("\(path).\(name)", "must be a string")
        }
        return value
    }

    // MARK: Writing

    private mutating func closeTurn() {
        guard let turn else { return }
        self.turn = nil
        guard turn.hasMessage || !turn.calls.isEmpty else { return }
        var kept = turn.kept
        for (member, text) in turn.reasoning { kept.message.set(member, JSONWriter.quoted(text)) }
        append(role: "assistant") { message in
            if turn.parts.isEmpty, !turn.calls.isEmpty {
                message.memberNull("content")
            } else {
                ResponsesPart.write(turn.parts, to: &message)
            }
            if !kept.isEmpty { message.member(KeptMembers.name, kept.seal) }
            guard !turn.calls.isEmpty else { return }
            message.member("tool_calls", array: { list in turn.calls.forEach { $0.write(to: &list) } })
        }
    }

    private mutating func closeResults() {
        guard !images.isEmpty else { return }
        let parts = images
        images = []
        asides.insert(messages.count)
        append(role: "user") { ResponsesPart.write(parts, to: &$0) }
    }

    private mutating func append(role: String, _ parts: [ResponsesPart]) {
        closeTurn()
        closeResults()
        append(role: role) { ResponsesPart.write(parts, to: &$0) }
    }

    private mutating func append(role: String, _ members: (inout JSONWriter) -> Void) {
        var writer = JSONWriter(capacity: 256)
        writer.object { message in
            message.member("role", role)
            members(&message)
        }
        messages.append(writer.bytes)
    }
}
