package import JSON

/// The texts of a request's messages or of an answer in JSON, and the same JSON with others in their place.
///
/// Every string counts that people, tools or models wrote, in members of any name. Names, ids, addresses and encoded
/// files do not.
package struct JSONTexts: Sendable {
    private let document: JSONDocument
    private var ranges: [Range<Int>] = []
    /// In the order of the JSON; none is empty.
    package private(set) var texts: [String] = []

    /// Members of a request in which its messages stand, in all dialects.
    private static let requestMembers: Set = ["messages", "system", "input", "instructions", "prompt"]

    /// Members whose values say nothing that was written: names, ids, kinds, addresses, seals and encoded bytes.
    private static let silentMembers: Set = [
        "type", "role", "id", "tool_call_id", "tool_use_id", "call_id", "name", "status", "detail", "phase",
        "url", "image_url", "file_url", "file_id", "file_data", "media_type", "mime_type", "format", "encoding",
        "signature", "encrypted_content", "cache_control", SourceMark.member, KeptMembers.name,
    ]
    /// Blocks with a text in `thinking`, whose seal would break with another one.
    private static let sealedTypes: Set = ["thinking", "redacted_thinking"]
    /// Members with the arguments of a tool's call, of which every string counts.
    private static let argumentMembers: Set = ["input", "arguments"]

    /// The texts of a request in any dialect.
    package init(ofRequest document: JSONDocument) {
        self.document = document
        // All of them, since servers do not agree on which of two equal names counts.
        for (key, value) in document.root.members where Self.requestMembers.contains(key) { add(value) }
    }

    /// The texts of all choices of an answer in OpenAI's format.
    init(ofAnswer document: JSONDocument) {
        self.document = document
        for choice in document.root["choices"]?.elements.map({ $0 }) ?? [] {
            if let message = choice["message"] { add(message) }
        }
    }

    private mutating func add(_ value: JSONValue, allMembers: Bool = false) {
        switch value.kind {
        case .string:
            guard let text = value.string, !text.isEmpty else { return }
            ranges.append(value.range)
            texts.append(text)
        case .array: for element in value.elements { add(element, allMembers: allMembers) }
        case .object:
            let type = allMembers ? nil : value["type"]?.string
            let isSealed = type.map(Self.sealedTypes.contains) ?? false
            for (key, member) in value.members {
                if allMembers {
                    add(member, allMembers: true)
                } else if key == "thinking", isSealed {
                    continue
                } else if key == "data" {
                    // Documents of plain text; all others are encoded.
                    if type == "text" { add(member) }
                } else if !Self.silentMembers.contains(key) {
                    add(member, allMembers: Self.argumentMembers.contains(key) && member.kind == .object)
                }
            }
        case .number, .boolean, .null: return
        }
    }

    /// The document with other texts.
    ///
    /// - Parameter others: as many as `texts`, in their order.
    package func replaced(by others: [String]) throws(JSONError) -> JSONDocument {
        var edits: [(range: Range<Int>, bytes: [UInt8])] = []
        for (index, other) in others.enumerated() where ranges.indices.contains(index) && texts[index] != other {
            edits.append((ranges[index], JSONWriter.quoted(other)))
        }
        return try JSONDocument(document.replacing(edits))
    }
}
