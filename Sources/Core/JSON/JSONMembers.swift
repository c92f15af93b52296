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
