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
