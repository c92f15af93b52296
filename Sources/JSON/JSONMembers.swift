/// The members of an object, found one after another.
package struct JSONMembers: Sequence, Sendable {
    let value: JSONValue

    package func makeIterator() -> Iterator {
        Iterator(document: value.document, position: value.kind == .object ? value.range.lowerBound + 1 : nil)
    }

    /// Stands behind the last member it gave.
    package struct Iterator: IteratorProtocol, Sendable {
        let document: JSONDocument
        /// Where to go on, nil after the end.
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

/// One member of an object, as ranges of the text.
struct JSONMemberRange: Sendable {
    /// The bytes between the quotes of the key.
    let key: Range<Int>
    /// Whether the key has escape sequences to resolve.
    let keyIsEscaped: Bool
    let value: Range<Int>
    let kind: JSONKind

    /// Whether the key stands for `text` (UTF-8); `buffer` is the whole document.
    @inline(__always)
    func hasKey(_ text: UnsafeBufferPointer<UInt8>, in buffer: UnsafeBufferPointer<UInt8>) -> Bool {
        JSONEscape.isEqual(UnsafeBufferPointer(rebasing: buffer[key]), isEscaped: keyIsEscaped, to: text)
    }

    /// Whether the key stands for a name.
    func isNamed(_ name: String, in buffer: UnsafeBufferPointer<UInt8>) -> Bool {
        var name = name
        return name.withUTF8 { hasKey($0, in: buffer) }
    }
}

/// The elements of an array, found one after another.
package struct JSONElements: Sequence, Sendable {
    let value: JSONValue

    package func makeIterator() -> Iterator {
        Iterator(document: value.document, position: value.kind == .array ? value.range.lowerBound + 1 : nil)
    }

    /// Stands behind the last element it gave.
    package struct Iterator: IteratorProtocol, Sendable {
        let document: JSONDocument
        /// Where to go on, nil after the end.
        var position: Int?

        /// The next element.
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
