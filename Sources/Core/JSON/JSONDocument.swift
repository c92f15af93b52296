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
