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

    /// A part of the system prompt, with its mark for caches.
    private struct SystemPart {
        var text: String
        var cache: JSONValue?
        /// Whether the service marks it.
        var isMarked = false
    }

    /// All system and developer prompts, in order.
    private var system: [SystemPart] = []
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

    // MARK: Marks of the service

    /// A mark for five minutes, which each read renews.
    static let mark = Array(#"{"type":"ephemeral"}"#.utf8)

    /// Marks the end of the system prompt; false where there is none.
    mutating func markSystem() -> Bool {
        guard let last = system.indices.last else { return false }
        system[last].isMarked = true
        return true
    }

    /// Marks where the call before this one ended, which is read, and the end of this one, which is written.
    ///
    /// The server looks for earlier ends at the last 20 blocks alone, and one step of an agent may have more.
    mutating func markTurns() {
        let users = turns.indices.filter { turns[$0].role == .user }
        for index in users.suffix(2) {
            guard let last = turns[index].blocks.last, let document = try? JSONDocument(last) else { continue }
            turns[index].blocks[turns[index].blocks.count - 1] = document.settingMembers([("cache_control", Self.mark)])
        }
    }

    /// Adds to the system prompt.
    mutating func appendSystem(_ text: String) {
        system.append(SystemPart(text: text))
    }

    /// Writes the member `system`, if there is any: a string, or blocks where one of them has a mark for caches.
    func writeSystem(to body: inout JSONWriter) {
        let parts = system.filter { !$0.text.isEmpty }
        guard !parts.isEmpty else { return }
        guard parts.contains(where: { $0.cache != nil || $0.isMarked }) else {
            return body.member("system", parts.map(\.text).joined(separator: "\n\n"))
        }
        body.member(
            "system",
            array: { list in
                for part in parts {
                    list.object { block in
                        block.member("type", "text")
                        block.member("text", part.text)
                        if let cache = part.cache {
                            block.member("cache_control", raw: cache.raw)
                        } else if part.isMarked {
                            block.member("cache_control", raw: Self.mark)
                        }
                    }
                }
            })
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
            try readSystem(message, path: path)
        case "user":
            append(Self.marked(try Self.blocks(message["content"], path: path), of: message), as: .user)
        case "assistant":
            var blocks = try Self.blocks(message["content"], path: path)
            if let calls = message["tool_calls"] {
                for (index, call) in calls.elements.enumerated() {
                    blocks.append(try Self.toolUse(call, path: "\(path).tool_calls[\(index)]"))
                }
            }
            append(Self.marked(blocks, of: message), as: .assistant)
        case "tool":
            append([try Self.toolResult(message, path: path)], as: .user)
        default:
            throw .invalidRequest(reason: "\(path).role is none of system, developer, user, assistant and tool")
        }
    }

    /// Parts of one message are one text, unless a mark stands between them.
    private mutating func readSystem(_ message: JSONValue, path: String) throws(UpstreamError) {
        var parts = [SystemPart(text: "")]
        if let content = message["content"], content.kind == .array {
            for (index, part) in content.elements.enumerated() {
                guard let text = part["text"]?.string else {
                    throw AnthropicWire.unsaid("\(path).content[\(index)]", "must be a part of text")
                }
                parts[parts.count - 1].text += text
                guard let cache = part["cache_control"], !cache.isNull else { continue }
                parts[parts.count - 1].cache = cache
                parts.append(SystemPart(text: ""))
            }
        } else {
            parts[0].text = message["content"]?.string ?? ""
        }
        parts.removeAll(where: \.text.isEmpty)
        if let cache = message["cache_control"], !cache.isNull, !parts.isEmpty { parts[parts.count - 1].cache = cache }
        system += parts
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

    /// The blocks of a message, whose own mark for caches goes to the last one.
    private static func marked(_ blocks: [[UInt8]], of message: JSONValue) -> [[UInt8]] {
        guard let cache = message["cache_control"], !cache.isNull, let last = blocks.last,
            let document = try? JSONDocument(last)
        else { return blocks }
        return blocks.dropLast() + [document.settingMembers([("cache_control", Array(cache.raw))])]
    }

    private static func blocks(_ content: JSONValue?, path: String) throws(UpstreamError) -> [[UInt8]] {
        guard let content, !content.isNull else { return [] }
        if let text = content.string { return text.isEmpty ? [] : [block("text") { $0.member("text", text) }] }
        var blocks: [[UInt8]] = []
        for (index, part) in content.elements.enumerated() {
            if let block = try block(part, path: "\(path).content[\(index)]") { blocks.append(block) }
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
            guard let url = part["image_url"]?["url"]?.string ?? part["image_url"]?.string else {
                throw AnthropicWire.unsaid("\(path).image_url.url", "must be an address or a data URL")
            }
            let image = try image(url, path: path)
            guard let cache = part["cache_control"], !cache.isNull, let document = try? JSONDocument(image) else {
                return image
            }
            return document.settingMembers([("cache_control", Array(cache.raw))])
        case "file": return try document(part, path: path)
        case "refusal":
            // What a model said when it refused is what it said.
            guard let text = part["refusal"]?.string, !text.isEmpty else { return nil }
            return block("text") { $0.member("text", text) }
        case let type:
            throw AnthropicWire.unsaid(
                "\(path).type", "a part of type '\(type ?? "")' is not translated for Anthropic's models")
        }
    }

    /// A file as a document: a PDF, or plain text.
    private static func document(_ part: JSONValue, path: String) throws(UpstreamError) -> [UInt8] {
        guard let (type, base64) = PromptFile.content(part), type == "application/pdf" else {
            throw AnthropicWire.unsaid(
                "\(path).file", "must be a PDF as file_data: data:application/pdf;base64,... for Anthropic's models")
        }
        let title = part["file"]?["filename"]?.string
        return block("document") { item in
            write(base64: base64, mediaType: type, to: &item)
            if let title { item.member("title", title) }
            if let cache = part["cache_control"], !cache.isNull { item.member("cache_control", raw: cache.raw) }
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
            throw AnthropicWire.unsaid("\(path).image_url.url", "must be base64 where it is a data URL")
        }
        let mediaType = String(url[..<comma].dropFirst("data:".count).prefix { $0 != ";" })
        return block("image") { write(base64: String(url[url.index(after: comma)...]), mediaType: mediaType, to: &$0) }
    }

    /// The member `source` of a block whose bytes are in it.
    private static func write(base64: String, mediaType: String, to item: inout JSONWriter) {
        item.member(
            "source",
            object: {
                $0.member("type", "base64")
                $0.member("media_type", mediaType)
                $0.member("data", base64)
            })
    }

    private static func toolUse(_ call: JSONValue, path: String) throws(UpstreamError) -> [UInt8] {
        guard call["function"] != nil else {
            throw AnthropicWire.unsaid(
                "\(path).type",
                "a call of type '\(call["type"]?.string ?? "")' is not translated for Anthropic's models")
        }
        let text = call["function"]?["arguments"]?.string ?? ""
        let arguments = Array((text.isEmpty ? "{}" : text).utf8)
        guard let document = try? JSONDocument(arguments), document.root.kind == .object else {
            throw AnthropicWire.unsaid("\(path).function.arguments", "must be the text of a JSON object")
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
            if let cache = message["cache_control"], !cache.isNull { item.member("cache_control", raw: cache.raw) }
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
