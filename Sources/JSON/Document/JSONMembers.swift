/// The members of an object, found lazily.
package struct JSONMembers: Sequence, Sendable {
    let value: JSONValue

    package func makeIterator() -> Iterator {
        Iterator(document: value.document, position: value.kind == .object ? value.range.lowerBound + 1 : nil)
    }

    package struct Iterator: IteratorProtocol, Sendable {
        let document: JSONDocument
        /// The offset to continue from, nil after the end.
        var position: Int?

        /// The next member, its key decoded.
        package mutating func next() -> (key: String, value: JSONValue)? {
            guard let start = position else { return nil }
            return document.bytes.withUnsafeBufferPointer { buffer in
                guard var cursor = JSONCursor(buffer, at: start), let member = cursor.nextMember() else {
                    position = nil
                    return nil
                }
                position = cursor.position
                let key = JSONEscape.decode(UnsafeBufferPointer(rebasing: buffer[member.key]))
                return (key, JSONValue(document: document, kind: member.kind, range: member.value))
            }
        }
    }
}

/// Where a value stands in a document: what a reader of many values keeps of each, since it counts no references.
package struct JSONPlace: Sendable, Hashable {
    /// The kind of the member's value.
    package let kind: JSONKind
    /// The value's bytes, as ``JSONValue/range``.
    package let range: Range<Int>
}

/// The key of a member, not decoded.
package struct JSONKey {
    fileprivate let member: JSONMemberRange
    fileprivate let buffer: UnsafeBufferPointer<UInt8>

    /// Whether the key decodes to a name.
    package func isNamed(_ name: String) -> Bool {
        (member.keyIsEscaped || name.utf8.count == member.key.count) && member.isNamed(name, in: buffer)
    }
}

extension JSONValue {
    /// Passes each member of an object to a body, in the order of the text: ``members`` without decoded keys.
    package func forEachMember(_ body: (JSONKey, JSONPlace) -> Void) {
        guard kind == .object else { return }
        document.bytes.withUnsafeBufferPointer { buffer in
            guard var cursor = JSONCursor(buffer, at: range.lowerBound + 1) else { return }
            while let member = cursor.nextMember() {
                body(JSONKey(member: member, buffer: buffer), JSONPlace(kind: member.kind, range: member.value))
            }
        }
    }

    /// Another value of the same document.
    package func at(_ place: JSONPlace) -> JSONValue {
        JSONValue(document: document, kind: place.kind, range: place.range)
    }
}

/// One member of an object, as ranges of the text.
struct JSONMemberRange: Sendable {
    /// The range between the quotes of the key.
    let key: Range<Int>
    /// Whether the key contains escape sequences.
    let keyIsEscaped: Bool
    let value: Range<Int>
    let kind: JSONKind

    /// Whether the key decodes to `text` (UTF-8). `buffer` is the whole document.
    @inline(__always)
    func hasKey(_ text: UnsafeBufferPointer<UInt8>, in buffer: UnsafeBufferPointer<UInt8>) -> Bool {
        JSONEscape.isEqual(UnsafeBufferPointer(rebasing: buffer[key]), isEscaped: keyIsEscaped, to: text)
    }

    /// Whether the key decodes to a name.
    func isNamed(_ name: String, in buffer: UnsafeBufferPointer<UInt8>) -> Bool {
        name.withBytes { hasKey($0, in: buffer) }
    }
}

/// The elements of an array, found lazily.
package struct JSONElements: Sequence, Sendable {
    let value: JSONValue

    package func makeIterator() -> Iterator {
        Iterator(document: value.document, position: value.kind == .array ? value.range.lowerBound + 1 : nil)
    }

    package struct Iterator: IteratorProtocol, Sendable {
        let document: JSONDocument
        /// The offset to continue from, nil after the end.
        var position: Int?

        package mutating func next() -> JSONValue? {
            guard let start = position else { return nil }
            return document.bytes.withUnsafeBufferPointer { buffer in
                guard var cursor = JSONCursor(buffer, at: start), let element = cursor.nextElement() else {
                    position = nil
                    return nil
                }
                position = cursor.position
                return JSONValue(document: document, kind: element.kind, range: element.value)
            }
        }
    }
}
