extension JSONValue {
    /// The member of an object with this key; nil if there is none or the value is no object.
    ///
    /// Where a key occurs more than once the last one wins, as with `JSONSerialization` and most servers. A key written
    /// with escape sequences is compared decoded. Takes time in the number of members for the root of a document, in the
    /// length of the object for others.
    package subscript(key: String) -> JSONValue? {
        guard kind == .object else { return nil }
        var key = key
        let found = key.withUTF8 { key in
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

    /// The members of an object in the order of the text, duplicates included; empty for other kinds.
    package var members: JSONMembers { JSONMembers(value: self) }

    /// The elements of an array in order; empty for other kinds.
    package var elements: JSONElements { JSONElements(value: self) }

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
