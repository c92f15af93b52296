import Domain
import JSON

/// A content part of a Responses item that every chat server understands.
enum ResponsesPart {
    /// Words, as the JSON string that they came in.
    case text(ArraySlice<UInt8>)
    /// An image at an address, or in a data URL; `detail` is how closely it shall be looked at.
    case image(url: ArraySlice<UInt8>, detail: String?)
    /// A file: the chat format's part, as JSON text.
    case file([UInt8])

    /// The parts of an item's content: a string, or a list of parts.
    static func list(_ content: JSONValue?, path: String) throws(FieldError) -> [ResponsesPart] {
        guard let content, content.kind == .string || content.kind == .array else {
            throw FieldError(path, "must be a string or a list of parts")
        }
        if content.kind == .string { return [.text(content.raw)] }
        var parts: [ResponsesPart] = []
        for (index, part) in content.elements.enumerated() {
            parts.append(try Self.part(part, path: "\(path)[\(index)]"))
        }
        return parts
    }

    private static func part(_ part: JSONValue, path: String) throws(FieldError) -> ResponsesPart {
        switch part["type"]?.string {
        case "input_text", "output_text": return .text(try words(part["text"], path: "\(path).text"))
        // What a model said when it refused is what it said.
        case "refusal": return .text(try words(part["refusal"], path: "\(path).refusal"))
        case "input_image":
            guard let url = part["image_url"], url.kind == .string else {
                throw FieldError(
                    "\(path).image_url", "must be an address, or the image itself as data:image/...;base64,...")
            }
            return .image(
                url: url.raw, detail: part["detail"]?.string.flatMap { ["low", "high"].contains($0) ? $0 : nil })
        case "input_file": return .file(try file(part, path: path))
        case let type:
            throw FieldError(
                "\(path).type",
                "'\(type ?? "")' cannot be passed on to every model; use input_text, input_image, input_file, "
                    + "output_text, refusal")
        }
    }

    private static func words(_ value: JSONValue?, path: String) throws(FieldError) -> ArraySlice<UInt8> {
        guard let value, value.kind == .string else { throw FieldError(path, "must be a string") }
        return value.raw
    }

    /// A file by its bytes or its id. Servers of chats fetch none from an address.
    private static func file(_ part: JSONValue, path: String) throws(FieldError) -> [UInt8] {
        let names = ["file_data", "file_id"].filter { part[$0]?.kind == .string }
        guard let name = names.first, let value = part[name] else {
            throw FieldError("\(path).file_data", "must be the file itself as data:application/pdf;base64,...")
        }
        var writer = JSONWriter(capacity: value.raw.count + 128)
        writer.object { item in
            item.member("type", "file")
            item.member(
                "file",
                object: { file in
                    if let name = part["filename"], name.kind == .string { file.member("filename", raw: name.raw) }
                    file.member(name, raw: value.raw)
                })
        }
        return writer.bytes
    }

    /// Whether it is words alone, which results of tools are in the chat format.
    var isText: Bool {
        if case .text = self { true } else { false }
    }

    private var isFile: Bool {
        if case .file = self { true } else { false }
    }

    /// The words of a result whose images and files follow it.
    static func note(of parts: [ResponsesPart]) -> String {
        "The result is the \(parts.contains(where: \.isFile) ? "file" : "image") that follows."
    }

    /// Writes the member `content` of a chat message. One text stands as a string, which every server understands; else
    /// a list of parts.
    static func write(_ parts: [ResponsesPart], to message: inout JSONWriter) {
        if parts.isEmpty { return message.member("content", "") }
        if parts.count == 1, case .text(let words) = parts[0] { return message.member("content", raw: words) }
        message.member("content", array: { list in parts.forEach { $0.write(to: &list) } })
    }

    private func write(to list: inout JSONWriter) {
        if case .file(let bytes) = self { return list.element(raw: bytes) }
        list.object { part in
            switch self {
            case .file: break
            case .text(let words):
                part.member("type", "text")
                part.member("text", raw: words)
            case .image(let url, let detail):
                part.member("type", "image_url")
                part.member(
                    "image_url",
                    object: { image in
                        image.member("url", raw: url)
                        if let detail { image.member("detail", detail) }
                    })
            }
        }
    }
}
