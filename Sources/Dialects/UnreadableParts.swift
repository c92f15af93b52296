package import Domain
import JSON

/// Notes in place of images and files that no model can read.
///
/// An agent sends the results of its tools again with every request. One image or PDF among them, and no model that reads
/// it, and the session could never go on. A note lets it go on, and tells the model what is missing.
package struct UnreadableParts: Sendable {
    private let missing: Set<Capability>

    /// Capabilities that a part of a message may need.
    package static let needs: Set<Capability> = [.vision, .pdf, .audio]

    /// - Parameter missing: what no model has.
    package init(_ missing: Set<Capability>) {
        self.missing = missing.intersection(Self.needs)
    }

    /// The note for a part of a chat message, or a block in Anthropic's format; nil for one that may stay.
    func note(for part: JSONValue) -> String? {
        switch part["type"]?.string {
        case "image_url", "image": missing.contains(.vision) ? Self.note("An image") : nil
        case "input_audio": missing.contains(.audio) ? Self.note("A recording") : nil
        case "file": missing.contains(.pdf) ? Self.note("The file \(Self.name(part["file"]?["filename"]))") : nil
        case "document":
            switch part["source"]?["type"]?.string {
            case "text", "content": nil
            default: missing.contains(.pdf) ? Self.note("The file \(Self.name(part["title"]))") : nil
            }
        default: nil
        }
    }

    private static func name(_ value: JSONValue?) -> String { value?.string.map { "'\($0)'" } ?? "of a document" }

    private static func note(_ what: String) -> String { "[\(what) stood here. No model in use can read it.]" }

    private func replaced(_ part: JSONValue) -> [UInt8]? { note(for: part).map { MessagesBlock.text($0) } }

    /// A message with notes; nil where nothing changes. Looks into the results of tools, too.
    fileprivate func message(_ message: JSONValue) -> [UInt8]? {
        let content = message["content"]?.mapping { block in
            if let note = replaced(block) { return note }
            guard block["type"]?.isString("tool_result") == true else { return nil }
            return block["content"]?.mapping(replaced).map { block.setting([("content", $0)]) }
        }
        return content.map { message.setting([("content", $0)]) }
    }
}

extension ChatRequest {
    /// The request with notes in place of the parts that need what no model has.
    ///
    /// - Returns: nil where it has no such parts, or where its newest request itself brings one: then the caller is to
    ///   learn that no model can serve it.
    package func noting(_ parts: UnreadableParts) -> ChatRequest? {
        if let lastRequest, messages[lastRequest].parts.contains(where: { parts.note(for: $0) != nil }) { return nil }
        guard let list = document.root["messages"]?.mapping(parts.message),
            let body = try? JSONDocument(document.settingMembers([("messages", list)]))
        else { return nil }
        var original = original
        if let other = original?.document, let list = other.root["messages"]?.mapping(parts.message),
            let document = try? JSONDocument(other.settingMembers([("messages", list)]))
        {
            original = original.map { OriginalRequest(dialect: $0.dialect, document: document, betas: $0.betas) }
        }
        return try? replacing(document: body, original: original)
    }
}
