/// A validated JSON text whose bytes are shared, never copied, by all values found in it.
///
/// The whole text is checked once, here; after that, navigation only skips. Accepted is what RFC 8259 allows, in UTF-8,
/// with any value at the top. Foundation's `JSONSerialization` with `.fragmentsAllowed` agrees, but for these deliberate
/// differences:
/// - it passes over a comma after the last element or member; here, as in the RFC, that is an error;
/// - it reads UTF-16 and UTF-32, and passes over a byte order mark; here only UTF-8 without one is JSON (section 8.1);
/// - it refuses most numbers too large for a double, and rounds long ones carelessly; here a number of any size is valid, and whether it fits is asked when
///   it is read (``JSONValue/integer``, ``JSONValue/double``, ``JSONValue/numberText``);
/// - its keys are Swift strings, so a precomposed and a decomposed "é" are one key; here they are two (section 8.3).
///
/// Where a key occurs twice both take the last one, both refuse half a surrogate pair, and both stop at a depth of 512.
package struct JSONDocument: Sendable {
    /// The text as it was given.
    package let bytes: [UInt8]
    /// Where the root stands.
    let range: Range<Int>
    /// The members of the root, found while checking; nil if it is no object or one with very many members.
    let index: [JSONMemberRange]?

    /// Checks the whole text, including UTF-8 and surrogate escapes.
    ///
    /// - Parameters:
    ///   - bytes: the text, in UTF-8, without a byte order mark.
    ///   - maximumDepth: how many objects and arrays may be open at once.
    /// - Throws: where and why the text is not JSON.
    package init(_ bytes: [UInt8], maximumDepth: Int = 512) throws(JSONError) {
        var fault = JSONValidator.Fault(reason: .empty, offset: 0)
        var index: [JSONMemberRange]?
        let range = bytes.withUnsafeBufferPointer { buffer -> Range<Int>? in
            guard let base = buffer.baseAddress, !buffer.isEmpty else { return nil }
            let levels = max(0, min(maximumDepth, buffer.count))
            return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: levels + 1) { nesting in
                guard let nestingBase = nesting.baseAddress else { return nil }
                var validator = JSONValidator(base, count: buffer.count, maximumDepth: maximumDepth)
                let range = validator.validate(nesting: nestingBase)
                if let found = validator.fault { fault = found }
                if validator.isIndexed { index = validator.members }
                return range
            }
        }
        guard let range else { throw JSONError(fault.reason, at: fault.offset, in: bytes) }
        self.bytes = bytes
        self.range = range
        self.index = index
    }

    /// The value that the text consists of.
    package var root: JSONValue {
        JSONValue(document: self, kind: JSONKind(firstByte: bytes[range.lowerBound]), range: range)
    }
}

extension JSONDocument {
    /// The text with some ranges of bytes replaced; nothing is decoded, all other bytes stay as they are.
    ///
    /// - Parameter edits: ranges of this document, in any order, none overlapping another; several at one empty range
    ///   are inserted in the order given. Overlapping ones are a programming error and trap. What the ranges are replaced
    ///   by is not checked.
    package func replacing(_ edits: [(range: Range<Int>, bytes: [UInt8])]) -> [UInt8] {
        // Sorting is stable, and an insertion comes before the replacement of what follows it.
        let edits = edits.sorted {
            ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
        }
        var result: [UInt8] = []
        result.reserveCapacity(edits.reduce(bytes.count) { $0 - $1.range.count + $1.bytes.count })
        var copied = 0
        for edit in edits {
            precondition(copied <= edit.range.lowerBound, "edits of a document may not overlap")
            result.append(contentsOf: bytes[copied..<edit.range.lowerBound])
            result.append(contentsOf: edit.bytes)
            copied = edit.range.upperBound
        }
        result.append(contentsOf: bytes[copied...])
        return result
    }

    /// The text with top-level members set: the value of an existing member is replaced where it stands, a new member
    /// is inserted before the closing brace.
    ///
    /// A key that occurs more than once in the text is set at every place, so that no two readers of the result can
    /// disagree about it. A text that is no object is returned as it is.
    ///
    /// - Parameters:
    ///   - members: keys (as text, escaped here) and values (as JSON text, not checked); of equal keys the last counts.
    ///   - removedKeys: members to leave out at the same time, unless they are also set.
    package func settingMembers(
        _ members: [(key: String, value: [UInt8])], removing removedKeys: [String] = []
    ) -> [UInt8] {
        guard bytes[range.lowerBound] == ASCII.openBrace else { return bytes }
        var edits: [(range: Range<Int>, bytes: [UInt8])] = []
        var isPresent = [Bool](repeating: false, count: members.count)
        var hasKept = false
        var pendingRemoval: Int?
        var previousEnd = range.lowerBound + 1
        let removal = Removal(removedKeys)
        bytes.withUnsafeBufferPointer { buffer in
            for member in rootMembers(of: buffer) {
                let keyStart = member.key.lowerBound - 1
                // A leading run of removed members goes up to the key after it, any other one with the comma before it.
                if let start = pendingRemoval {
                    edits.append((start..<keyStart, []))
                    pendingRemoval = nil
                }
                if let index = members.lastIndex(where: { member.isNamed($0.key, in: buffer) }) {
                    edits.append((member.value, members[index].value))
                    isPresent[index] = true
                    hasKept = true
                } else if removal.holds(for: member, in: buffer) {
                    if !hasKept {
                        pendingRemoval = keyStart
                    } else {
                        edits.append((previousEnd..<member.value.upperBound, []))
                    }
                } else {
                    hasKept = true
                }
                previousEnd = member.value.upperBound
            }
        }
        if let start = pendingRemoval { edits.append((start..<previousEnd, [])) }
        let inserted = Self.insertion(of: members, present: isPresent, afterOthers: hasKept)
        let closing = range.upperBound - 1
        if !inserted.isEmpty { edits.append((closing..<closing, inserted)) }
        return replacing(edits)
    }

    /// The text without some top-level members, at every place where they occur; a text that is no object is returned
    /// as it is.
    package func removingMembers(_ keys: [String]) -> [UInt8] {
        settingMembers([], removing: keys)
    }

    /// Keys of members that go: a few are compared one by one, many are hashed, so that a text of very many members costs
    /// no more than its length.
    private struct Removal {
        private var few: [String] = []
        private var many: Set<[UInt8]> = []

        init(_ keys: [String]) {
            if keys.count > 32 { many = Set(keys.map { Array($0.utf8) }) } else { few = keys }
        }

        func holds(for member: JSONMemberRange, in buffer: UnsafeBufferPointer<UInt8>) -> Bool {
            guard !many.isEmpty else { return few.contains { member.isNamed($0, in: buffer) } }
            return many.contains(Array(JSONEscape.decode(UnsafeBufferPointer(rebasing: buffer[member.key])).utf8))
        }
    }

    private func rootMembers(of buffer: UnsafeBufferPointer<UInt8>) -> [JSONMemberRange] {
        if let index { return index }
        guard var cursor = JSONCursor(buffer, at: range.lowerBound + 1) else { return [] }
        var members: [JSONMemberRange] = []
        while let member = cursor.nextMember() { members.append(member) }
        return members
    }

    /// The text of the members that are not in the document yet.
    private static func insertion(
        of members: [(key: String, value: [UInt8])], present: [Bool], afterOthers: Bool
    ) -> [UInt8] {
        var inserted: [UInt8] = []
        for (index, member) in members.enumerated() where !present[index] {
            if members[(index + 1)...].contains(where: { $0.key.utf8.elementsEqual(member.key.utf8) }) { continue }
            if afterOthers || !inserted.isEmpty { inserted.append(ASCII.comma) }
            inserted.append(ASCII.quote)
            JSONEscape.append(member.key, to: &inserted)
            inserted.append(ASCII.quote)
            inserted.append(ASCII.colon)
            inserted.append(contentsOf: member.value)
        }
        return inserted
    }
}
