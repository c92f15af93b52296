/// ASCII bytes with a meaning in JSON and in event streams.
package enum ASCII {
    static let tab = UInt8(ascii: "\t")
    package static let lineFeed = UInt8(ascii: "\n")
    package static let carriageReturn = UInt8(ascii: "\r")
    package static let space = UInt8(ascii: " ")
    static let quote = UInt8(ascii: "\"")
    static let backslash = UInt8(ascii: "\\")
    static let slash = UInt8(ascii: "/")
    static let comma = UInt8(ascii: ",")
    package static let colon = UInt8(ascii: ":")
    static let dot = UInt8(ascii: ".")
    static let plus = UInt8(ascii: "+")
    static let minus = UInt8(ascii: "-")
    static let zero = UInt8(ascii: "0")
    static let nine = UInt8(ascii: "9")
    static let openBrace = UInt8(ascii: "{")
    static let closeBrace = UInt8(ascii: "}")
    static let openBracket = UInt8(ascii: "[")
    static let closeBracket = UInt8(ascii: "]")

    /// The four whitespace bytes of JSON.
    @inline(__always)
    static func isWhitespace(_ byte: UInt8) -> Bool {
        byte == space || byte == lineFeed || byte == carriageReturn || byte == tab
    }

    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool {
        byte &- zero < 10
    }

    /// The value of a hexadecimal digit, in either case.
    @inline(__always)
    static func hexValue(_ byte: UInt8) -> UInt32? {
        switch byte {
        case 0x30...0x39: UInt32(byte &- 0x30)
        case 0x41...0x46: UInt32(byte &- 0x37)
        case 0x61...0x66: UInt32(byte &- 0x57)
        default: nil
        }
    }
}

/// Eight bytes tested in parallel ("SWAR"), for the JSON and SSE scanners.
///
/// Every mask below has the high bit of a byte set if that byte passes the test. Bytes are in little-endian order, and
/// a borrow can only spoil bytes *after* the first hit, so ``firstIndex(of:)`` of a mask is exact. Source: S. E.
/// Anderson, Bit Twiddling Hacks, "Determine if a word has a byte equal to / less than n".
package struct ByteWord {
    /// The number of bytes in a word.
    package static let count = 8

    private static let low: UInt64 = 0x0101_0101_0101_0101
    private static let high: UInt64 = 0x8080_8080_8080_8080

    private let word: UInt64

    /// Reads the eight bytes at `offset`. The caller guarantees that they exist.
    @inline(__always)
    package init(_ base: UnsafePointer<UInt8>, at offset: Int) {
        word = UInt64(
            littleEndian: UnsafeRawPointer(base).loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// The bytes equal to `byte`.
    @inline(__always)
    package func equal(to byte: UInt8) -> UInt64 {
        let difference = word ^ (Self.low &* UInt64(byte))
        return (difference &- Self.low) & ~difference & Self.high
    }

    /// The bytes below `bound`, which is at most 128.
    @inline(__always)
    func below(_ bound: UInt8) -> UInt64 {
        (word &- Self.low &* UInt64(bound)) & ~word & Self.high
    }

    /// The bytes that end a run of plain text in a string: quotes, backslashes, control characters and all outside ASCII.
    ///
    /// One mask for the four tests takes half of their time: a byte outside ASCII is marked in any case, so the others'
    /// complements are not needed.
    var endOfPlainText: UInt64 {
        @inline(__always) get {
            let controls = word &- Self.low &* 0x20
            let quotes = (word ^ (Self.low &* UInt64(ASCII.quote))) &- Self.low
            let backslashes = (word ^ (Self.low &* UInt64(ASCII.backslash))) &- Self.low
            return (controls | quotes | backslashes | word) & Self.high
        }
    }

    /// The index (0 to 7) of the first byte that a non-zero mask marks.
    @inline(__always)
    package static func firstIndex(of mask: UInt64) -> Int {
        mask.trailingZeroBitCount >> 3
    }
}

/// Well-formed UTF-8 sequences outside ASCII (The Unicode Standard, table 3-7).
enum UTF8Sequence {
    /// The length (2 to 4) of the well-formed sequence at `bytes`, 0 if there is none.
    @inline(__always)
    static func length(_ bytes: UnsafePointer<UInt8>, available: Int) -> Int {
        let first = bytes[0]
        if first < 0xE0 {
            return first >= 0xC2 && available >= 2 && isContinuation(bytes[1]) ? 2 : 0
        }
        if first < 0xF0 {
            guard available >= 3, isContinuation(bytes[2]) else { return 0 }
            return secondRange(after: first).contains(bytes[1]) ? 3 : 0
        }
        guard first < 0xF5, available >= 4, isContinuation(bytes[2]), isContinuation(bytes[3]) else { return 0 }
        return secondRange(after: first).contains(bytes[1]) ? 4 : 0
    }

    /// Whether the `count` bytes begin a sequence that is cut off by the end of the text.
    static func isPrefix(_ bytes: UnsafePointer<UInt8>, count: Int) -> Bool {
        let first = bytes[0]
        let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
        guard first >= 0xC2, first < 0xF5, count < length else { return false }
        return (1..<count).allSatisfy { index in
            index == 1 ? secondRange(after: first).contains(bytes[1]) : isContinuation(bytes[index])
        }
    }

    @inline(__always)
    private static func isContinuation(_ byte: UInt8) -> Bool {
        byte & 0xC0 == 0x80
    }

    /// The second bytes that exclude overlong forms, surrogates and values above U+10FFFF.
    @inline(__always)
    private static func secondRange(after first: UInt8) -> ClosedRange<UInt8> {
        switch first {
        case 0xE0: 0xA0...0xBF
        case 0xED: 0x80...0x9F
        case 0xF0: 0x90...0xBF
        case 0xF4: 0x80...0x8F
        default: 0x80...0xBF
        }
    }
}

extension Collection<UInt8> {
    /// The bytes without a byte order mark at their start, which editors write and a reader may ignore (RFC 8259, 8.1).
    package var withoutByteOrderMark: SubSequence {
        // Nearly all texts are told by their first byte.
        guard first == 0xEF, starts(with: [0xEF, 0xBB, 0xBF]) else { return self[...] }
        return dropFirst(3)
    }
}

extension String {
    /// Passes the text's bytes in UTF-8 to a body, without a copy of the text as `withUTF8` needs one.
    @inline(__always)
    func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        utf8.withContiguousStorageIfAvailable(body) ?? Array(utf8).withUnsafeBufferPointer(body)
    }
}
