import Domain
import JSON

/// A content part of a Responses item that every chat server understands.
enum ResponsesPart {
    /// Words, as the JSON string that they came in.
    case text(ArraySlice<UInt8>)
    /// An image at an address, or in a data URL; `detail` is how closely it shall be looked at.
    case image(url: ArraySlice<UInt8>, detail: String?)

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
        case let type:
            throw FieldError(
                "\(path).type",
                "'\(type ?? "")' cannot be passed on to every model; use input_text, input_image, output_text, refusal")
        }
    }

    private static func words(_ value: JSONValue?, path: String) throws(FieldError) -> ArraySlice<UInt8> {
        guard let value, value.kind == .string else { throw FieldError(path, "must be a string") }
        return value.raw
    }

    var isImage: Bool {
        if case .image = self { true } else { false }
    }

    /// Writes the member `content` of a chat message. One text stands as a string, which every server understands; else
    /// a list of parts.
    static func write(_ parts: [ResponsesPart], to message: inout JSONWriter) {
        if parts.isEmpty { return message.member("content", "") }
        if parts.count == 1, case .text(let words) = parts[0] { return message.member("content", raw: words) }
        message.member("content", array: { list in parts.forEach { $0.write(to: &list) } })
    }

    private func write(to list: inout JSONWriter) {
        list.object { part in
            switch self {
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
