import Domain
import JSON

/// A content block of Anthropic's format, as parts of OpenAI's.
enum MessagesBlock {
    private static let textHead = Array(#"{"type":"text","text":"#.utf8)

    /// A part of text.
    static func text(_ words: String) -> [UInt8] { text(raw: JSONWriter.quoted(words)[...]) }

    /// The string of a part of text, quotes included; nil for other parts.
    static func text(in part: [UInt8]) -> ArraySlice<UInt8>? {
        part.starts(with: textHead) ? part[textHead.count..<(part.count - 1)] : nil
    }

    private static func text(raw: ArraySlice<UInt8>) -> [UInt8] { textHead + raw + [UInt8(ascii: "}")] }

    /// The parts of a block of text, of an image, or of a document that is text.
    static func parts(of block: JSONValue, path: String) throws(FieldError) -> [[UInt8]] {
        switch block["type"]?.string {
        case "text":
            guard let words = block["text"], words.kind == .string else {
                throw FieldError("\(path).text", "must be a string")
            }
            return [text(raw: words.raw)]
        case "image":
            if let type = block["source"]?["type"]?.string, isElsewhere(type, block) {
                return [file(named: block["source"]?["file_id"]?.string ?? "")]
            }
            return [try image(block["source"], path: "\(path).source")]
        case "document": return try document(block, path: path)
        case "search_result": return searchResult(block)
        case let type:
            throw FieldError(
                "\(path).type",
                "'\(type ?? "")' cannot be passed on to every model; use text, image, document, tool_use, tool_result")
        }
    }

    private static func image(_ source: JSONValue?, path: String) throws(FieldError) -> [UInt8] {
        var url: [UInt8]
        switch source?["type"]?.string {
        case "base64":
            guard let type = source?["media_type"]?.string, type.hasPrefix("image/"),
                type.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !#""\"#.utf8.contains($0) })
            else { throw FieldError("\(path).media_type", "must be one like image/png") }
            guard let data = source?["data"], data.kind == .string else {
                throw FieldError("\(path).data", "must be a string of base64")
            }
            // The picture is not decoded: it may be large.
            url = Array("\"data:\(type);base64,".utf8)
            url += data.raw.dropFirst()
        case "url":
            guard let address = source?["url"], address.kind == .string else {
                throw FieldError("\(path).url", "must be a string")
            }
            url = Array(address.raw)
        case let type:
            throw FieldError("\(path).type", "'\(type ?? "")' cannot be passed on; use base64 or url")
        }
        var writer = JSONWriter(capacity: url.count + 64)
        writer.object { part in
            part.member("type", "image_url")
            part.member("image_url", object: { $0.member("url", raw: url) })
        }
        return writer.bytes
    }

    /// The format that a block needs, or one inside it; nil where every server's will do.
    static func wireNeed(of block: JSONValue) -> WireNeed? {
        switch block["type"]?.string {
        case "search_result": return WireNeed(.anthropic, for: "search_result")
        case "document", "image":
            guard let type = block["source"]?["type"]?.string, isElsewhere(type, block) else { return nil }
            return WireNeed(.anthropic, for: sourceMember)
        case "tool_result": return block["content"]?.elements.compactMap { wireNeed(of: $0) }.first
        default: return nil
        }
    }

    /// Names the need of files that only Anthropic's servers fetch.
    static let sourceMember = "source.type"

    private static func isElsewhere(_ type: String, _ block: JSONValue) -> Bool {
        type == "file" || (type == "url" && block["type"]?.isString("document") == true)
    }

    /// Source, title and texts of a result of a search.
    private static func searchResult(_ block: JSONValue) -> [[UInt8]] {
        let head = ["source", "title"].compactMap { block[$0]?.string }
        return (head + (block["content"]?.elements.compactMap { $0["text"]?.string } ?? [])).map { text($0) }
    }

    /// A part of a chat message that stands for a file which a server fetches.
    private static func file(named name: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { part in
            part.member("type", "file")
            part.member("file", object: { $0.member("file_id", name) })
        }
        return writer.bytes
    }

    /// Title, context and text of a document, or a PDF.
    private static func document(_ block: JSONValue, path: String) throws(FieldError) -> [[UInt8]] {
        let source = block["source"]
        let head = ["title", "context"].compactMap { block[$0]?.string }.map { text($0) }
        switch source?["type"]?.string {
        case "text":
            guard let data = source?["data"], data.kind == .string else {
                throw FieldError("\(path).source.data", "must be a string")
            }
            return head + [text(raw: data.raw)]
        case "content":
            if let content = source?["content"], content.kind == .string { return head + [text(raw: content.raw)] }
            var parts = head
            guard let blocks = source?["content"] else { return parts }
            for (index, block) in blocks.elements.enumerated() {
                parts += try self.parts(of: block, path: "\(path).source.content[\(index)]")
            }
            return parts
        case "base64" where source?["media_type"]?.isString("application/pdf") == true:
            guard let data = source?["data"], data.kind == .string else {
                throw FieldError("\(path).source.data", "must be a string of base64")
            }
            let title = block["title"].flatMap { $0.kind == .string ? $0.raw : nil }
            return [PromptFile.part(name: title, base64: data.raw)]
        case let type? where isElsewhere(type, block):
            return [file(named: source?["file_id"]?.string ?? source?["url"]?.string ?? "")]
        case let type:
            throw FieldError(
                "\(path).source.type",
                "documents of type '\(type ?? "")' are not known here: send a PDF as base64, url or file, or text")
        }
    }

    /// A call of a tool, in OpenAI's form.
    static func call(_ block: JSONValue, path: String) throws(FieldError) -> [UInt8] {
        guard let id = block["id"], id.kind == .string else { throw FieldError("\(path).id", "must be a string") }
        guard let name = block["name"], name.kind == .string else {
            throw FieldError("\(path).name", "must be a string")
        }
        guard let input = block["input"], input.kind == .object else {
            throw FieldError("\(path).input", "must be an object")
        }
        let arguments = JSONWriter.quoted(String(decoding: input.raw, as: UTF8.self))
        var writer = JSONWriter(capacity: input.raw.count + 128)
        writer.object { OpenAITools.writeCall(id: id.raw, name: name.raw, arguments: arguments, to: &$0) }
        return writer.bytes
    }

    /// Whether a block of thinking was made here, of what another server wrote.
    static func isSealed(_ block: JSONValue) -> Bool {
        KeptMembers.isSeal(block["signature"]?.string) || KeptMembers.isSeal(block["data"]?.string)
    }

    /// A request's messages without some of their blocks; nil where none is among them.
    static func messages(_ messages: JSONValue?, without isLeftOut: (JSONValue) -> Bool) -> [UInt8]? {
        func hasSome(_ message: JSONValue) -> Bool { message["content"]?.elements.contains(where: isLeftOut) ?? false }
        guard let messages, messages.kind == .array, messages.elements.contains(where: hasSome) else { return nil }
        var writer = JSONWriter(capacity: messages.raw.count)
        writer.array { list in
            for message in messages.elements {
                guard hasSome(message), let content = message["content"] else {
                    list.element(raw: message.raw)
                    continue
                }
                let others = content.elements.filter { !isLeftOut($0) }
                guard !others.isEmpty else { continue }
                var blocks = JSONWriter(capacity: content.raw.count)
                blocks.array { blocks in others.forEach { blocks.element(raw: $0.raw) } }
                list.element(raw: message.setting([("content", blocks.bytes)]))
            }
        }
        return writer.bytes
    }
}
