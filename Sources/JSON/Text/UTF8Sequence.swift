/// Well-formed UTF-8 sequences outside ASCII (The Unicode Standard, table 3-7).
enum UTF8Sequence {
    /// The length (2 to 4) of the well-formed sequence at `bytes`, 0 where there is none.
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

    /// Whether the `count` bytes are the beginning of a sequence that the end of the text has cut off.
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

    /// The second bytes that do not make an overlong form, a surrogate or a value above U+10FFFF.
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
