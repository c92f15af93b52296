package import Domain

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Surface features of a text: lengths, digits, marks of mathematics and code, choices, tool schemas.
///
/// Counts are `log(1 + n)`, so a doubled length is one constant step.
package enum SurfaceCounts {
    /// Length of the vector of counts.
    static let count = 52
    /// Number of features for the tools' fit.
    static let fitCount = ToolFit.count + 2

    package static func vector(of text: StepText) -> [Float] { reading(of: text).counts }

    /// The counts, and the features of the tools' fit. Without tools these are zeros, apart from the prompt's
    /// connectives.
    package static func reading(of text: StepText) -> (counts: [Float], fit: [Float]) {
        var prompt = text.prompt
        let tally = prompt.withUTF8 { TextTally($0) }
        var values = tally.values()
        var fit = tally.joins
        if let tools = text.tools {
            var tools = tools
            let offer = tools.withUTF8 { ToolTally($0, promptWords: tally.words, promptStems: tally.stems) }
            values += offer.values(promptBytes: tally.bytes)
            fit += offer.fit.values()
        } else {
            values += [Float](repeating: 0, count: ToolTally.count)
            fit += [Float](repeating: 0, count: ToolFit.count)
        }
        values.append(log1p(Float(text.history.utf8.count)))
        precondition(values.count == count)
        return (values, fit)
    }
}

/// A fixed-size set of hashed words, with a collision rate of a few per thousand.
struct WordSet {
    private var bits = [UInt64](repeating: 0, count: 64)
    private(set) var count = 0

    mutating func insert(_ hash: UInt64) {
        let bit = Int(hash >> 52)
        if bits[bit >> 6] & 1 << UInt64(bit & 63) == 0 {
            bits[bit >> 6] |= 1 << UInt64(bit & 63)
            count += 1
        }
    }

    func contains(_ hash: UInt64) -> Bool {
        let bit = Int(hash >> 52)
        return bits[bit >> 6] & 1 << UInt64(bit & 63) != 0
    }
}

/// The hash of a word of letters and digits, lower case.
struct WordHash {
    private var state: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func add(_ byte: UInt8) {
        state = (state ^ UInt64(ByteKind.folded(byte))) &* 0x0000_0100_0000_01b3
    }

    var value: UInt64 { (state ^ state >> 29) &* 0x9e37_79b9_7f4a_7c15 }

    static func of(_ word: String) -> UInt64 {
        var hash = WordHash()
        for byte in word.utf8 { hash.add(byte) }
        return hash.value
    }

    /// The hashes of a text's words in order, at most the first `most`.
    static func all(of text: String, most: Int = .max) -> [UInt64] {
        var words: [UInt64] = []
        var text = text
        text.withUTF8 { bytes in
            var index = 0
            while index < bytes.count, words.count < most {
                guard ByteKind.isLetter(bytes[index]) else {
                    index &+= 1
                    continue
                }
                var hash = WordHash()
                while index < bytes.count, ByteKind.isLetter(bytes[index]) {
                    hash.add(bytes[index])
                    index &+= 1
                }
                words.append(hash.value)
            }
        }
        return words
    }
}

extension StepText {
    /// The texts whose n-grams describe the step.
    package var estimatedTexts: [String] { tools.map { [prompt, $0] } ?? [prompt] }

    /// Bytes of a prompt read at its start,
    static let headBytes = 6000
    /// and at its end where it is longer than both. Longer than any question in the training data.
    static let tailBytes = 2000

    /// The step with a very long prompt cut to its two ends, which bounds the time of a decision.
    var abridged: StepText {
        let bytes = prompt.utf8
        guard bytes.count > Self.headBytes + Self.tailBytes else { return self }
        var text = self
        text.prompt =
            String(decoding: bytes.prefix(Self.headBytes), as: UTF8.self) + "\n"
            + String(decoding: bytes.suffix(Self.tailBytes), as: UTF8.self)
        return text
    }
}
