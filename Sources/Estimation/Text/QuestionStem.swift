/// Hash of a question without its lettered choices, capitals, punctuation and white space.
///
/// Differently formatted copies of a question have the same hash.
package enum QuestionStem {
    /// Shorter questions match by chance too often.
    private static let leastBytes = 24
    /// Only the first part of a long text is hashed.
    private static let mostBytes = 400

    /// The hash of a prompt's stem; nil where the stem is too short.
    package static func hash(_ prompt: String) -> UInt64? {
        var prompt = prompt
        return prompt.withUTF8 { bytes in
            var state: UInt64 = 0xcbf2_9ce4_8422_2325
            var length = 0
            var isPending = false
            var index = 0
            while index < bytes.count, length < mostBytes {
                let byte = bytes[index]
                if byte == UInt8(ascii: "\n"), startsChoices(bytes, index + 1) { break }
                if ByteKind.of(byte) == .letter {
                    if isPending, length > 0 {
                        state = (state ^ 0x20) &* 0x0000_0100_0000_01b3
                        length += 1
                    }
                    isPending = false
                    state = (state ^ UInt64(ByteKind.folded(byte))) &* 0x0000_0100_0000_01b3
                    length += 1
                } else {
                    isPending = true
                }
                index += 1
            }
            return length >= leastBytes ? (state ^ state >> 29) &* 0x9e37_79b9_7f4a_7c15 : nil
        }
    }

    /// Whether a line starts with `A. `, `A) ` or `(A) `.
    private static func startsChoices(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> Bool {
        var index = start
        if index < bytes.count, bytes[index] == UInt8(ascii: "(") { index += 1 }
        return index + 2 < bytes.count && bytes[index] == UInt8(ascii: "A")
            && (bytes[index + 1] == UInt8(ascii: ".") || bytes[index + 1] == UInt8(ascii: ")"))
            && bytes[index + 2] == 0x20
    }
}
