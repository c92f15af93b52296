/// A validated JSON text whose bytes are shared, never copied, by all values found in it.
///
/// The whole text is checked once, here. After that, navigation only skips. RFC 8259 decides what is accepted, in
/// UTF-8, with any value at the root. Foundation's `JSONSerialization` with `.fragmentsAllowed` agrees, except for
/// these deliberate differences:
/// - Foundation skips a comma after the last element or member. Here, as in the RFC, that is an error.
/// - Foundation reads UTF-16 and UTF-32 and skips a byte order mark. Here only UTF-8 without one is JSON (section
///   8.1).
/// - Foundation refuses most numbers too large for a double and rounds long ones imprecisely. Here a number of any
///   size is valid, and its range is checked when it is read (``JSONValue/integer``, ``JSONValue/double``,
///   ``JSONValue/numberText``).
/// - Foundation's keys are Swift strings, so a precomposed and a decomposed "é" are one key. Here they are two
///   (section 8.3).
///
/// Both take the last of duplicate keys, refuse half a surrogate pair, and stop at a depth of 512.
package struct JSONDocument: Sendable {
    /// The text as it was given.
    package let bytes: [UInt8]
    /// The range of the root value.
    let range: Range<Int>
    /// The members of the root, found during validation. Nil if the root is no object or has very many members.
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

    /// A view of a document in which an object inside it has an index of its members, too.
    init(_ document: JSONDocument, range: Range<Int>, index: [JSONMemberRange]) {
        bytes = document.bytes
        self.range = range
        self.index = index
    }

    /// The root value.
    package var root: JSONValue {
        JSONValue(document: self, kind: JSONKind(firstByte: bytes[range.lowerBound]), range: range)
    }
}

extension JSONDocument {
    /// The text with some byte ranges replaced. All other bytes stay as they are.
    ///
    /// - Parameter edits: ranges of this document in any order. Several at one empty range are inserted in the order
    ///   given. Overlapping ranges are a programming error and trap. Replacements are not validated.
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

    /// The text with root members set. The value of an existing member is replaced in place, a new member is inserted
    /// before the closing brace.
    ///
    /// A duplicate key is set at every place, so that no two readers of the result disagree. A text that is no object
    /// is returned unchanged.
    ///
    /// - Parameters:
    ///   - members: keys (as text, escaped here) and values (as JSON text, not validated). Of equal keys the last
    ///     counts.
    ///   - removedKeys: members to remove at the same time, unless they are also set.
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
                // A leading run of removed members is removed up to the key after it, any other one with the comma
                // before it.
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

    /// The text without some root members, at every place where they occur. A text that is no object is returned
    /// unchanged.
    package func removingMembers(_ keys: [String]) -> [UInt8] {
        settingMembers([], removing: keys)
    }

    /// Keys of removed members. A few are compared one by one, many are hashed, so that the time stays linear in the
    /// text's length.
    private struct Removal {
        private var few: [String] = []
        /// A bit for each length of the few, so that most members are passed at sight.
        private var lengths: UInt64 = 0
        private var many: Set<[UInt8]> = []

        init(_ keys: [String]) {
            if keys.count > 32 {
                many = Set(keys.map { Array($0.utf8) })
            } else {
                few = keys
                for key in keys { lengths |= Self.bit(key.utf8.count) }
            }
        }

        private static func bit(_ length: Int) -> UInt64 { 1 << UInt64(min(length, 63)) }

        func holds(for member: JSONMemberRange, in buffer: UnsafeBufferPointer<UInt8>) -> Bool {
            guard !many.isEmpty else {
                if !member.keyIsEscaped, lengths & Self.bit(member.key.count) == 0 { return false }
                return few.contains { key in
                    (member.keyIsEscaped || key.utf8.count == member.key.count) && member.isNamed(key, in: buffer)
                }
            }
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

    /// The text of the members that the document does not have yet.
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
