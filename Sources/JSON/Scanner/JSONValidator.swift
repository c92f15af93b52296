/// Validates a text as JSON (RFC 8259) in one pass, without recursion and without building values.
struct JSONValidator {
    /// What is wrong, and at which byte.
    struct Fault {
        let reason: JSONError.Reason
        let offset: Int
    }

    /// What the grammar allows next, apart from whitespace.
    private enum Expectation {
        case value
        case elementOrEnd
        case key
        case keyOrEnd
        case separator
    }

    /// Objects with more members are searched instead, since an index could outgrow its text.
    private static let maximumIndexedMembers = 64

    let base: UnsafePointer<UInt8>
    let end: Int
    private let maximumDepth: Int
    var position = 0
    /// Whether an escape sequence occurred since this was last reset.
    var metEscape = false
    private(set) var fault: Fault?
    /// The members of the root object, valid only if ``isIndexed``.
    private(set) var members: [JSONMemberRange] = []
    /// Whether the root is an object and ``members`` holds all its members.
    private(set) var isIndexed = false
    private var memberKey = 0..<0
    private var memberKeyIsEscaped = false

    init(_ base: UnsafePointer<UInt8>, count: Int, maximumDepth: Int) {
        self.base = base
        self.end = count
        self.maximumDepth = maximumDepth
    }

    /// Validates the whole text.
    ///
    /// - Parameter nesting: room for one byte per open container, at least min(maximumDepth, length of the text).
    /// - Returns: the range of the root value, or nil after setting ``fault``.
    mutating func validate(nesting: UnsafeMutablePointer<UInt8>) -> Range<Int>? {
        skipWhitespace()
        guard position < end else {
            fail(.empty)
            return nil
        }
        let start = position
        var valueStart = start
        var depth = 0
        isIndexed = base[start] == ASCII.openBrace
        var expectation = Expectation.value
        while true {
            if expectation == .separator && depth == 0 { break }
            skipWhitespace()
            guard position < end else {
                fail(.truncated)
                return nil
            }
            let byte = base[position]
            switch expectation {
            case .separator:
                let close = nesting[depth &- 1]
                if byte == ASCII.comma {
                    position &+= 1
                    expectation = close == ASCII.closeBrace ? .key : .value
                } else if byte == close {
                    position &+= 1
                    depth &-= 1
                    if depth == 1 { indexMember(from: valueStart) }
                } else {
                    fail(close == ASCII.closeBrace ? .expectedCommaOrBrace : .expectedCommaOrBracket)
                    return nil
                }
            case .keyOrEnd where byte == ASCII.closeBrace, .elementOrEnd where byte == ASCII.closeBracket:
                position &+= 1
                depth &-= 1
                if depth == 1 { indexMember(from: valueStart) }
                expectation = .separator
            case .key, .keyOrEnd:
                guard scanKey(byte, isMemberOfRoot: depth == 1) else { return nil }
                expectation = .value
            case .value, .elementOrEnd:
                if depth == 1 { valueStart = position }
                if byte == ASCII.openBrace || byte == ASCII.openBracket {
                    guard depth < maximumDepth else {
                        fail(.tooDeep(maximum: maximumDepth))
                        return nil
                    }
                    let isObject = byte == ASCII.openBrace
                    nesting[depth] = isObject ? ASCII.closeBrace : ASCII.closeBracket
                    depth &+= 1
                    position &+= 1
                    expectation = isObject ? .keyOrEnd : .elementOrEnd
                } else {
                    guard scanScalar(byte) else { return nil }
                    if depth == 1 { indexMember(from: valueStart) }
                    expectation = .separator
                }
            }
        }
        let range = start..<position
        skipWhitespace()
        if position < end {
            fail(.trailingContent)
            return nil
        }
        return range
    }

    mutating func fail(_ reason: JSONError.Reason) {
        fail(reason, at: position)
    }

    mutating func fail(_ reason: JSONError.Reason, at offset: Int) {
        fault = Fault(reason: offset >= end && reason != .empty ? .truncated : reason, offset: min(offset, end))
    }

    @inline(__always)
    mutating func skipWhitespace() {
        while position < end && ASCII.isWhitespace(base[position]) { position &+= 1 }
    }

    /// Scans a member name and the colon after it.
    @inline(__always)
    private mutating func scanKey(_ byte: UInt8, isMemberOfRoot: Bool) -> Bool {
        guard byte == ASCII.quote else {
            fail(.expectedKey)
            return false
        }
        let start = position
        metEscape = false
        guard scanString() else { return false }
        if isMemberOfRoot {
            memberKey = start &+ 1..<position &- 1
            memberKeyIsEscaped = metEscape
        }
        skipWhitespace()
        guard position < end, base[position] == ASCII.colon else {
            fail(.expectedColon)
            return false
        }
        position &+= 1
        return true
    }

    /// Indexes a member of the root object, whose value ends here.
    @inline(__always)
    private mutating func indexMember(from valueStart: Int) {
        guard isIndexed else { return }
        guard members.count < Self.maximumIndexedMembers else {
            isIndexed = false
            members = []
            return
        }
        if members.isEmpty { members.reserveCapacity(12) }
        members.append(
            JSONMemberRange(
                key: memberKey, keyIsEscaped: memberKeyIsEscaped, value: valueStart..<position,
                kind: JSONKind(firstByte: base[valueStart])))
    }
}
