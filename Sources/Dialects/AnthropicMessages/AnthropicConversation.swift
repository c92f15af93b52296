import Domain
import JSON
import Upstream

/// The messages of a chat in Anthropic's order: system prompts apart, and user and assistant in turn.
///
/// The results of tools are blocks of the user message that follows the calls, so neighbouring messages of one role
/// become one.
struct AnthropicConversation {
    private enum Role: String { case user, assistant }

    /// One message with its content blocks as JSON texts.
    private struct Turn {
        let role: Role
        var blocks: [[UInt8]]
    }

    /// All system and developer prompts, in order.
    private(set) var system = ""
    private var turns: [Turn] = []

    /// Reads OpenAI's `messages`.
    init(_ messages: JSONValue?) throws(UpstreamError) {
        guard let messages, messages.kind == .array else {
            throw .invalidRequest(reason: "messages is missing or not a list")
        }
        for (index, message) in messages.elements.enumerated() {
            try read(message, path: "messages[\(index)]")
        }
        guard !turns.isEmpty else { throw .invalidRequest(reason: "messages has no message of a user or assistant") }
    }

    /// Writes the elements of Anthropic's `messages`.
    func write(to list: inout JSONWriter) {
        for turn in turns {
            list.object { message in
                message.member("role", turn.role.rawValue)
                message.member("content", array: { content in turn.blocks.forEach { content.element(raw: $0) } })
            }
        }
    }

    private mutating func read(_ message: JSONValue, path: String) throws(UpstreamError) {
        switch message["role"]?.string {
        case "system", "developer":
            system += (system.isEmpty ? "" : "\n\n") + OpenAIWire.text(message["content"])
        case "user":
            append(try Self.blocks(message["content"], path: path), as: .user)
        case "assistant":
            var blocks = try Self.blocks(message["content"], path: path)
            if let calls = message["tool_calls"] {
                for call in calls.elements { blocks.append(try Self.toolUse(call, path: path)) }
            }
            append(blocks, as: .assistant)
        case "tool":
            append([try Self.toolResult(message, path: path)], as: .user)
        default:
            throw .invalidRequest(reason: "\(path).role is none of system, developer, user, assistant and tool")
        }
    }

    private mutating func append(_ blocks: [[UInt8]], as role: Role) {
        guard !blocks.isEmpty else { return }
        if let last = turns.indices.last, turns[last].role == role {
            turns[last].blocks += blocks
        } else {
            turns.append(Turn(role: role, blocks: blocks))
        }
    }

    // MARK: Blocks

    private static func blocks(_ content: JSONValue?, path: String) throws(UpstreamError) -> [[UInt8]] {
        guard let content, !content.isNull else { return [] }
        if let text = content.string { return text.isEmpty ? [] : [block("text") { $0.member("text", text) }] }
        var blocks: [[UInt8]] = []
        for part in content.elements {
            if let block = try block(part, path: path) { blocks.append(block) }
        }
        return blocks
    }

    private static func block(_ part: JSONValue, path: String) throws(UpstreamError) -> [UInt8]? {
        switch part["type"]?.string {
        case "text":
            guard let text = part["text"]?.string, !text.isEmpty else { return nil }
            return block("text") { item in
                item.member("text", text)
                if let cache = part["cache_control"] { item.member("cache_control", raw: cache.raw) }
            }
        case "image_url":
            guard let url = part["image_url"]?["url"]?.string else {
                throw .invalidRequest(reason: "\(path) has an image without a url")
            }
            return try image(url, path: path)
        case let type:
            throw .invalidRequest(
                reason: "\(path) has a part of type '\(type ?? "")', which is not translated for Anthropic's models")
        }
    }

    /// `data:image/png;base64,...` or a web address.
    private static func image(_ url: String, path: String) throws(UpstreamError) -> [UInt8] {
        guard url.hasPrefix("data:") else {
            return block("image") { item in
                item.member(
                    "source",
                    object: {
                        $0.member("type", "url")
                        $0.member("url", url)
                    })
            }
        }
        guard let comma = url.firstIndex(of: ","), url[..<comma].hasSuffix(";base64") else {
            throw .invalidRequest(reason: "\(path) has an image whose data URL is not base64")
        }
        let mediaType = String(url[..<comma].dropFirst("data:".count).prefix { $0 != ";" })
        return block("image") { item in
            item.member(
                "source",
                object: {
                    $0.member("type", "base64")
                    $0.member("media_type", mediaType)
                    $0.member("data", String(url[url.index(after: comma)...]))
                })
        }
    }

    private static func toolUse(_ call: JSONValue, path: String) throws(UpstreamError) -> [UInt8] {
        let text = call["function"]?["arguments"]?.string ?? ""
        let arguments = Array((text.isEmpty ? "{}" : text).utf8)
        guard let document = try? JSONDocument(arguments), document.root.kind == .object else {
            throw .invalidRequest(reason: "\(path) has a tool call whose arguments are not a JSON object")
        }
        return block("tool_use") { item in
            item.member("id", call["id"]?.string.map(AnthropicWriter.identifier))
            item.member("name", call["function"]?["name"]?.string)
            item.member("input", raw: document.root.raw)
        }
    }

    private static func toolResult(_ message: JSONValue, path: String) throws(UpstreamError) -> [UInt8] {
        guard let id = message["tool_call_id"]?.string else {
            throw .invalidRequest(reason: "\(path).tool_call_id is missing")
        }
        let content = try blocks(message["content"], path: path)
        return block("tool_result") { item in
            item.member("tool_use_id", AnthropicWriter.identifier(id))
            item.member("content", array: { list in content.forEach { list.element(raw: $0) } })
        }
    }

    private static func block(_ type: String, _ members: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { item in
            item.member("type", type)
            members(&item)
        }
        return writer.bytes
    }
}
