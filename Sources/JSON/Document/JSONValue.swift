#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// One value inside a ``JSONDocument``: its kind and its range of bytes.
///
/// It shares the bytes of its document. An accessor of another kind than the value's returns nil.
package struct JSONValue: Sendable {
    let document: JSONDocument
    package let kind: JSONKind
    /// The range of the value in the document's bytes, including quotes and brackets, without surrounding whitespace.
    package let range: Range<Int>

    /// The value's bytes as written in the document.
    package var raw: ArraySlice<UInt8> { document.bytes[range] }

    /// The decoded text of a string.
    package var string: String? {
        guard kind == .string else { return nil }
        return document.bytes.withUnsafeBufferPointer { buffer in
            let content = UnsafeBufferPointer(rebasing: buffer[range.lowerBound + 1..<range.upperBound - 1])
            return JSONEscape.decode(content)
        }
    }

    /// Whether this is a string equal to `text`, by Unicode scalars. Does not decode it.
    package func isString(_ text: String) -> Bool {
        guard kind == .string else { return false }
        return text.withBytes { expected in
            document.bytes.withUnsafeBufferPointer { buffer in
                let content = UnsafeBufferPointer(rebasing: buffer[range.lowerBound + 1..<range.upperBound - 1])
                return JSONEscape.isEqual(content, isEscaped: true, to: expected)
            }
        }
    }

    /// A number that is an integer, however it is written (`12`, `12.0`, `1.2e1`). Nil if it has a fraction or does not
    /// fit.
    package var integer: Int64? {
        guard kind == .number else { return nil }
        return document.bytes.withUnsafeBufferPointer { buffer in
            JSONNumber.integer(UnsafeBufferPointer(rebasing: buffer[range]))
        }
    }

    /// The nearest double of a number; nil if the number is too large for one.
    package var double: Double? {
        guard let numberText, let value = Double(numberText), value.isFinite else { return nil }
        return value
    }

    /// A number's text as written, for exact decimal arithmetic (prices, money).
    package var numberText: String? {
        guard kind == .number else { return nil }
        return String(decoding: raw, as: UTF8.self)
    }

    /// `true` or `false`.
    package var boolean: Bool? {
        guard kind == .boolean else { return nil }
        return document.bytes[range.lowerBound] == UInt8(ascii: "t")
    }

    /// Whether this is `null`.
    package var isNull: Bool { kind == .null }
}

extension JSONValue {
    /// The member of an object with this key; nil if there is none or the value is no object.
    ///
    /// The last of duplicate keys wins, as with `JSONSerialization` and most servers. Keys with escape sequences are
    /// decoded before comparison. Time is linear in the number of members for the root of a document, in the length of
    /// the object for others.
    package subscript(key: String) -> JSONValue? {
        guard kind == .object else { return nil }
        let found = key.withBytes { key in
            document.bytes.withUnsafeBufferPointer { buffer in lastMember(key, in: buffer) }
        }
        return found.map { JSONValue(document: document, kind: $0.kind, range: $0.value) }
    }

    private func lastMember(
        _ key: UnsafeBufferPointer<UInt8>, in buffer: UnsafeBufferPointer<UInt8>
    ) -> JSONMemberRange? {
        if let index = document.index, range == document.range {
            return index.last { $0.hasKey(key, in: buffer) }
        }
        var found: JSONMemberRange?
        guard var cursor = JSONCursor(buffer, at: range.lowerBound + 1) else { return nil }
        while let member = cursor.nextMember() {
            if member.hasKey(key, in: buffer) { found = member }
        }
        return found
    }

    /// The same object with its members found once, for one that is asked for many of them; other values as they are.
    package var indexed: JSONValue {
        guard kind == .object, range != document.range else { return self }
        let members = document.bytes.withUnsafeBufferPointer { buffer -> [JSONMemberRange] in
            guard var cursor = JSONCursor(buffer, at: range.lowerBound + 1) else { return [] }
            var members: [JSONMemberRange] = []
            members.reserveCapacity(8)
            while let member = cursor.nextMember() { members.append(member) }
            return members
        }
        return JSONValue(
            document: JSONDocument(document, range: range, index: members), kind: kind, range: range)
    }

    /// Whether a word stands anywhere in the text of the value: a quick look before a search of its members.
    ///
    /// - Parameter word: ASCII letters, digits and `_`, which no writer escapes.
    package func mentions(_ word: String) -> Bool {
        word.withBytes { word in
            // An underscore is rare in texts, and memchr passes many bytes at once.
            let mark = word.firstIndex(of: UInt8(ascii: "_")) ?? 0
            guard mark < word.count, let start = word.baseAddress else { return true }
            return document.bytes.withUnsafeBytes { bytes in
                let text = UnsafeRawBufferPointer(rebasing: bytes[range])
                guard let base = text.baseAddress else { return false }
                var place = mark
                while place < text.count, let found = memchr(base + place, Int32(word[mark]), text.count - place) {
                    let first = base.distance(to: found) - mark
                    if first + word.count <= text.count, memcmp(base + first, start, word.count) == 0 { return true }
                    place = first + mark + 1
                }
                return false
            }
        }
    }

    /// The members of an object in the order of the text, duplicates included; empty for other kinds.
    package var members: JSONMembers { JSONMembers(value: self) }

    /// The elements of an array in order; empty for other kinds.
    package var elements: JSONElements { JSONElements(value: self) }

    /// The element at an index of an array, found by looking at those before it; nil where there is none.
    package subscript(index: Int) -> JSONValue? {
        index < 0 ? nil : elements.dropFirst(index).first { _ in true }
    }

    /// The number of elements of an array, or of members of an object, duplicates included; 0 for other kinds.
    package var count: Int {
        document.bytes.withUnsafeBufferPointer { buffer in
            guard var cursor = JSONCursor(buffer, at: range.lowerBound + 1) else { return 0 }
            var count = 0
            switch kind {
            case .object: while cursor.nextMember() != nil { count += 1 }
            case .array: while cursor.nextElement() != nil { count += 1 }
            case .string, .number, .boolean, .null: break
            }
            return count
        }
    }
}

/// The six kinds of JSON value.
package enum JSONKind: Sendable, Hashable {
    case object
    case array
    case string
    case number
    case boolean
    case null

    /// The kind of the value that starts with `byte`, in a validated text.
    @inline(__always)
    init(firstByte byte: UInt8) {
        switch byte {
        case ASCII.openBrace: self = .object
        case ASCII.openBracket: self = .array
        case ASCII.quote: self = .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): self = .boolean
        case UInt8(ascii: "n"): self = .null
        default: self = .number
        }
    }
}
