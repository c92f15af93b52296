#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A position in a *validated* text that moves over whole values and reads only the bytes it has to.
struct JSONCursor {
    /// One element of an array.
    struct Element {
        let value: Range<Int>
        let kind: JSONKind
    }

    private let base: UnsafePointer<UInt8>
    private let end: Int
    private(set) var position: Int

    /// Starts at `position` of the text; `buffer` is the whole text.
    @inline(__always)
    init?(_ buffer: UnsafeBufferPointer<UInt8>, at position: Int) {
        guard let base = buffer.baseAddress else { return nil }
        self.base = base
        self.end = buffer.count
        self.position = position
    }

    /// The next member of the enclosing object, nil at its end.
    @inline(__always)
    mutating func nextMember() -> JSONMemberRange? {
        guard moveToItem(before: ASCII.closeBrace) else { return nil }
        let keyStart = position &+ 1
        let keyIsEscaped = skipString()
        let key = keyStart..<position &- 1
        skipWhitespace()
        position &+= 1
        skipWhitespace()
        let kind = JSONKind(firstByte: base[position])
        let start = position
        skipValue(kind)
        return JSONMemberRange(key: key, keyIsEscaped: keyIsEscaped, value: start..<position, kind: kind)
    }

    /// The next element of the enclosing array, nil at its end.
    @inline(__always)
    mutating func nextElement() -> Element? {
        guard moveToItem(before: ASCII.closeBracket) else { return nil }
        let kind = JSONKind(firstByte: base[position])
        let start = position
        skipValue(kind)
        return Element(value: start..<position, kind: kind)
    }

    /// Moves over whitespace and a comma to the next item. False at the closing byte, where the cursor stays.
    @inline(__always)
    private mutating func moveToItem(before close: UInt8) -> Bool {
        skipWhitespace()
        if base[position] == close { return false }
        if base[position] == ASCII.comma {
            position &+= 1
            skipWhitespace()
        }
        return true
    }

    @inline(__always)
    private mutating func skipWhitespace() {
        while ASCII.isWhitespace(base[position]) { position &+= 1 }
    }

    @inline(__always)
    private mutating func skipValue(_ kind: JSONKind) {
        switch kind {
        case .string: _ = skipString()
        case .object, .array: skipContainer()
        case .null: position &+= 4
        case .boolean: position &+= base[position] == UInt8(ascii: "t") ? 4 : 5
        case .number:
            // A number may be the last thing in the text.
            while position < end, Self.isNumberByte(base[position]) { position &+= 1 }
        }
    }

    @inline(__always)
    private static func isNumberByte(_ byte: UInt8) -> Bool {
        switch byte {
        case ASCII.zero...ASCII.nine, ASCII.minus, ASCII.plus, ASCII.dot, UInt8(ascii: "e"), UInt8(ascii: "E"): true
        default: false
        }
    }

    /// Moves from an opening bracket or brace past the matching closing one.
    private mutating func skipContainer() {
        var depth = 0
        while true {
            switch base[position] {
            case ASCII.quote:
                _ = skipString()
                continue
            case ASCII.openBrace, ASCII.openBracket:
                depth &+= 1
            case ASCII.closeBrace, ASCII.closeBracket:
                depth &-= 1
                if depth == 0 {
                    position &+= 1
                    return
                }
            default:
                break
            }
            position &+= 1
        }
    }

    /// The closing quote of a string that is long and has no escape sequence; nil for others, which are read by words.
    ///
    /// memchr passes many bytes at once. It is asked once for a string, so that the time stays linear.
    @inline(__always)
    private func endOfLongString() -> Int? {
        let start = position &+ 4 &* ByteWord.count
        guard start < end else { return nil }
        for place in stride(from: position, to: start, by: ByteWord.count) {
            let word = ByteWord(base, at: place)
            if word.equal(to: ASCII.quote) | word.equal(to: ASCII.backslash) != 0 { return nil }
        }
        guard let quote = memchr(base + start, Int32(ASCII.quote), end &- start) else { return nil }
        let length = UnsafeRawPointer(base + start).distance(to: quote)
        return memchr(base + start, Int32(ASCII.backslash), length) == nil ? start &+ length : nil
    }

    /// Moves from the opening quote of a string past its closing one. True if it contains escape sequences.
    @inline(__always)
    private mutating func skipString() -> Bool {
        var isEscaped = false
        position &+= 1
        if let end = endOfLongString() {
            position = end &+ 1
            return false
        }
        while true {
            while position &+ ByteWord.count <= end {
                let word = ByteWord(base, at: position)
                let mask = word.equal(to: ASCII.quote) | word.equal(to: ASCII.backslash)
                if mask != 0 {
                    position &+= ByteWord.firstIndex(of: mask)
                    break
                }
                position &+= ByteWord.count
            }
            let byte = base[position]
            if byte == ASCII.quote {
                position &+= 1
                return isEscaped
            }
            if byte == ASCII.backslash {
                isEscaped = true
                position &+= 2
            } else {
                position &+= 1
            }
        }
    }
}
