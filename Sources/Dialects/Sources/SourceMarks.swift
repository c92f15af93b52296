import Domain
package import JSON

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The marked content parts and messages of a request in any dialect.
///
/// Parts and messages stand in a list of the root: `messages` (chat, Anthropic's messages) or `input` (Responses). Marks
/// are never sent to a server.
package struct SourceMarks: Sendable {
    /// A marked part or message.
    struct Marked: Sendable {
        let mark: SourceMark
        let value: JSONValue
        /// The message that it stands in, or is.
        let message: Int
        let isMessage: Bool
    }

    let document: JSONDocument
    let marked: [Marked]
    private let messages: [JSONValue]

    /// Most marked sources of a request.
    package static let most = 32
    private static let lists = ["messages", "input"]

    /// Content that belongs to a call of a tool or to a model's thinking; leaving it out would break the conversation.
    private static let unmarkable: Set = [
        "tool_use", "tool_result", "thinking", "redacted_thinking", "function_call", "function_call_output",
        "custom_tool_call", "custom_tool_call_output", "reasoning",
    ]

    /// Nil for a request without marks.
    /// - Throws: for a mark with a wrong member, a name that is there twice, or too many marks.
    package init?(_ document: JSONDocument) throws(FieldError) {
        // Nearly all requests have no mark, and looking for each would read every message once more.
        guard Self.mayHoldMarks(document) else { return nil }
        guard let (name, list) = Self.lists.lazy.compactMap({ name in document.root[name].map { (name, $0) } }).first,
            list.kind == .array
        else { return nil }
        var marked: [Marked] = []
        let messages = Array(list.elements)
        for (index, message) in messages.enumerated() {
            if let mark = message[SourceMark.member] {
                let path = "\(name)[\(index)].\(SourceMark.member)"
                let calls = message["tool_calls"] ?? message["tool_call_id"]
                if calls.map({ !$0.isNull }) ?? false { throw Self.belongsToCall(path) }
                if let type = message["type"]?.string, Self.unmarkable.contains(type) { throw Self.belongsToCall(path) }
                marked.append(
                    Marked(mark: try SourceMark(mark, path: path), value: message, message: index, isMessage: true))
            }
            guard let content = message["content"], content.kind == .array else { continue }
            for (place, part) in content.elements.enumerated() {
                guard let mark = part[SourceMark.member] else { continue }
                let path = "\(name)[\(index)].content[\(place)].\(SourceMark.member)"
                if let type = part["type"]?.string, Self.unmarkable.contains(type) { throw Self.belongsToCall(path) }
                if marked.last?.isMessage == true, marked.last?.message == index {
                    throw FieldError(path, "is within a message that is marked as a whole: mark one of them")
                }
                marked.append(
                    Marked(mark: try SourceMark(mark, path: path), value: part, message: index, isMessage: false))
            }
        }
        guard !marked.isEmpty else { return nil }
        guard marked.count <= Self.most else {
            throw FieldError(name, "marks more than \(Self.most) sources: mark fewer, or join some")
        }
        var seen: Set<String> = []
        for source in marked where !seen.insert(source.mark.id).inserted {
            throw FieldError(name, "the source '\(source.mark.id)' is marked twice: give each a name of its own")
        }
        self.document = document
        self.marked = marked
        self.messages = messages
    }

    private static func belongsToCall(_ path: String) -> FieldError {
        FieldError(path, "calls of tools, their results and a model's thinking belong together: mark none of them")
    }

    /// Whether the bytes have the key of a mark at all.
    private static func mayHoldMarks(_ document: JSONDocument) -> Bool {
        let key = Array("\"\(SourceMark.member)\"".utf8)
        return document.bytes.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return false }
            var place = 0
            // A long text has few quotes, and memchr passes many bytes at once.
            while place + key.count <= bytes.count,
                let quote = memchr(start + place, Int32(key[0]), bytes.count - place)
            {
                place = start.distance(to: quote)
                guard place + key.count <= bytes.count else { return false }
                if memcmp(quote, key, key.count) == 0, isKey(bytes, behind: place + key.count) { return true }
                place += 1
            }
            return false
        }
    }

    /// Whether a text that ends at a place is the key of a member: `hera` is the name of a model, too.
    private static func isKey(_ bytes: UnsafeRawBufferPointer, behind place: Int) -> Bool {
        bytes[place...].first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: ":")
    }

    /// The optional sources, in the order of the request.
    var optional: [Marked] { marked.filter(\.mark.isOptional) }

    /// The request without marks and without some of the optional sources.
    ///
    /// - Parameter isLeftOut: by place in `optional`. A message of which nothing is left goes, too.
    func bytes(leavingOut isLeftOut: (Int) -> Bool) -> [UInt8] {
        var left: Set<Int> = []
        for (place, source) in optional.enumerated() where isLeftOut(place) {
            left.insert(source.value.range.lowerBound)
        }
        func isLeft(_ value: JSONValue) -> Bool { left.contains(value.range.lowerBound) }
        var edits: [(range: Range<Int>, bytes: [UInt8])] = []
        var goes: [Int] = []
        for (index, message) in messages.enumerated() {
            let here = marked.filter { $0.message == index }
            if here.isEmpty { continue }
            if here[0].isMessage {
                if isLeft(message) { goes.append(index) } else { edits.append(Self.unmarked(message)) }
                continue
            }
            guard let parts = message["content"]?.elements.map({ $0 }) else { continue }
            if parts.allSatisfy(isLeft) {
                goes.append(index)
                continue
            }
            edits += Self.removals(of: parts.indices.filter { isLeft(parts[$0]) }, from: parts)
            edits += here.filter { !isLeft($0.value) }.map { Self.unmarked($0.value) }
        }
        return document.replacing(edits + Self.removals(of: goes, from: messages))
    }

    /// The element with its mark taken off.
    private static func unmarked(_ value: JSONValue) -> (range: Range<Int>, bytes: [UInt8]) {
        guard let inner = try? JSONDocument(Array(value.raw)) else { return (value.range, Array(value.raw)) }
        return (value.range, inner.removingMembers([SourceMark.member]))
    }

    /// Edits that take elements out of their list, each with one comma.
    private static func removals(
        of places: [Int], from elements: [JSONValue]
    ) -> [(range: Range<Int>, bytes: [UInt8])] {
        let gone = Set(places)
        guard let kept = elements.indices.first(where: { !gone.contains($0) }) else {
            guard let first = elements.first, let last = elements.last else { return [] }
            return [(first.range.lowerBound..<last.range.upperBound, [])]
        }
        return places.sorted().map { place in
            place < kept
                ? (elements[place].range.lowerBound..<elements[place + 1].range.lowerBound, [])
                : (elements[place - 1].range.upperBound..<elements[place].range.upperBound, [])
        }
    }
}
