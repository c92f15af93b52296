/// Hashes a text into the set of its word 1-2-grams and character 3-5-grams.
///
/// Words are runs of letters and digits, any other mark is a separate word, ASCII capitals are folded. Character
/// n-grams stay within a word and the blank on each side. A multiplicative hash maps every n-gram to one of 2^16
/// buckets of its view. A text is a *set* of buckets: repeated hits count once.
package struct NGrams: Sendable {
    /// Buckets per view, a power of two.
    package static let bucketsPerView = 1 << 16
    /// Character buckets are first, word buckets follow.
    package static let buckets = 2 * bucketsPerView
    /// Longer texts are read from both ends only: this many bytes at the start,
    package static let headBytes = 12_000
    /// and this many at the end.
    package static let tailBytes = 4_000

    /// The buckets of character n-grams, unique, in order of first appearance.
    package private(set) var characters: [UInt32] = []
    /// The buckets of word n-grams.
    package private(set) var words: [UInt32] = []

    /// No n-grams.
    static let none = NGrams(of: [])

    /// The union of the n-grams of some texts.
    package init(of texts: [String]) {
        var marks = BucketMarks()
        for text in texts { marks.add(text) }
        characters = marks.characters
        words = marks.words
    }
}

/// The set of buckets found so far, as bits.
struct BucketMarks {
    private(set) var characters: [UInt32] = []
    private(set) var words: [UInt32] = []
    private var bits = [UInt64](repeating: 0, count: NGrams.buckets / 64)

    init() {
        characters.reserveCapacity(2048)
        words.reserveCapacity(512)
    }

    /// Adds the n-grams of a text, or of its two ends where it is very long.
    mutating func add(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            if bytes.count <= NGrams.headBytes + NGrams.tailBytes {
                scan(bytes)
            } else {
                scan(UnsafeBufferPointer(rebasing: bytes[..<NGrams.headBytes]))
                scan(UnsafeBufferPointer(rebasing: bytes[(bytes.count - NGrams.tailBytes)...]))
            }
        }
    }

    @inline(__always)
    private mutating func mark(_ hash: UInt64, isWord: Bool, into bits: UnsafeMutablePointer<UInt64>) {
        let bucket = Int(truncatingIfNeeded: hash >> 48) &+ (isWord ? NGrams.bucketsPerView : 0)
        let bit: UInt64 = 1 << UInt64(bucket & 63)
        let word = bits[bucket >> 6]
        if word & bit == 0 {
            bits[bucket >> 6] = word | bit
            if isWord {
                words.append(UInt32(truncatingIfNeeded: bucket))
            } else {
                characters.append(UInt32(truncatingIfNeeded: bucket))
            }
        }
    }

    private mutating func scan(_ bytes: UnsafeBufferPointer<UInt8>) {
        var bits: [UInt64] = []
        swap(&bits, &self.bits)
        bits.withUnsafeMutableBufferPointer { buffer in
            guard let bits = buffer.baseAddress else { return }
            var previousWord: UInt64 = 0
            var index = 0
            while index < bytes.count {
                let kind = ByteKind.of(bytes[index])
                if kind == .blank {
                    index += 1
                    continue
                }
                var end = index + 1
                if kind == .letter {
                    while end < bytes.count, ByteKind.isLetter(bytes[end]) { end &+= 1 }
                }
                previousWord = word(bytes, index, end, after: previousWord, bits)
                index = end
            }
        }
        swap(&bits, &self.bits)
    }

    /// Adds one word, its bigram and its character n-grams. Returns the word's hash.
    @inline(__always)
    private mutating func word(
        _ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int, after previous: UInt64,
        _ bits: UnsafeMutablePointer<UInt64>
    ) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        // The last bytes, newest in the lowest eight bits, starting with the leading blank.
        var window: UInt64 = 0x20
        var length = 1
        var index = start
        while index <= end {
            var byte: UInt64 = 0x20
            if index < end {
                byte = UInt64(ByteKind.folded(bytes[index]))
                hash = (hash ^ byte) &* 0x0000_0100_0000_01b3
            }
            index &+= 1
            window = window << 8 | byte
            length &+= 1
            if length >= 3 { mark((window & 0xff_ffff | 3 << 48) &* Self.mixer, isWord: false, into: bits) }
            if length >= 4 { mark((window & 0xffff_ffff | 4 << 48) &* Self.mixer, isWord: false, into: bits) }
            if length >= 5 { mark((window & 0xff_ffff_ffff | 5 << 48) &* Self.mixer, isWord: false, into: bits) }
        }
        hash = (hash ^ hash >> 32) &* Self.mixer
        mark(hash, isWord: true, into: bits)
        if previous != 0 {
            mark((previous &* 31 ^ hash) &* Self.mixer, isWord: true, into: bits)
        }
        return hash
    }

    private static let mixer: UInt64 = 0x9e37_79b9_7f4a_7c15
}

/// The tokenizer's class of a byte of UTF-8.
package enum ByteKind: UInt8 {
    case blank, letter, mark

    /// Letters, digits and every byte of a non-ASCII character make words.
    @inline(__always)
    package static func of(_ byte: UInt8) -> ByteKind {
        if byte <= 0x20 { return .blank }
        return isLetter(byte) ? .letter : .mark
    }

    /// Whether the class of a byte is `letter`.
    @inline(__always)
    static func isLetter(_ byte: UInt8) -> Bool { isASCIILetter(byte) || byte &- 0x30 <= 9 || byte >= 0x80 }

    @inline(__always)
    static func folded(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }

    @inline(__always)
    static func isASCIILetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }
}
