#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// How well the offered tools fit the prompt.
///
/// Per tool: the share of its name, description and parameters in the prompt, and the share of the prompt that its
/// words cover. Words are compared by their stems, the first six letters. The best and the second best tool distinguish
/// a choice between tools from several calls, and from a prompt without a fitting tool.
struct ToolFit {
    /// Number of features.
    static let count = 14

    /// The part of a tool that a word belongs to.
    enum Part: Int {
        case name, about, parameter
    }

    private var words = [0, 0, 0]
    private var known = [0, 0, 0]
    private var seen = WordSet()
    private var best = [Float](repeating: 0, count: 4)
    private var second = [Float](repeating: 0, count: 4)
    /// Parameters by type; the last slot counts all other types.
    private var types = [Int](repeating: 0, count: 6)

    /// Reads the words of one JSON string. Its opening quote is before `start`.
    mutating func read(
        _ text: UnsafeBufferPointer<UInt8>, from start: Int, as part: Part, _ promptStems: WordSet
    ) {
        var stem = WordStem()
        var index = start
        while index < text.count {
            let byte = text[index]
            if ByteKind.isASCIILetter(byte) {
                stem.add(byte)
            } else {
                if let value = stem.value {
                    words[part.rawValue] += 1
                    if promptStems.contains(value) {
                        known[part.rawValue] += 1
                        seen.insert(value)
                    }
                }
                stem = WordStem()
                if byte == UInt8(ascii: "\"") { return }
            }
            index += byte == UInt8(ascii: "\\") ? 2 : 1
        }
    }

    /// Counts a parameter's type.
    mutating func type(_ hash: UInt64) {
        if let place = Self.types.firstIndex(of: hash) { types[place] += 1 } else { types[5] += 1 }
    }

    /// Handles the end of a tool's object.
    mutating func closeTool(_ promptStems: WordSet) {
        guard words[0] + words[1] + words[2] > 0 else { return }
        let shares =
            (0..<3).map { Float(known[$0]) / Float(max(words[$0], 1)) }
            + [Float(seen.count) / Float(max(promptStems.count, 1))]
        for place in 0..<4 {
            if shares[place] > best[place] {
                second[place] = best[place]
                best[place] = shares[place]
            } else if shares[place] > second[place] {
                second[place] = shares[place]
            }
        }
        words = [0, 0, 0]
        known = [0, 0, 0]
        seen = WordSet()
    }

    func values() -> [Float] { best + second + types.map { log1p(Float($0)) } }

    private static let types = ["string", "integer", "number", "array", "any"].map(WordHash.of)
}

/// The hash of a word's first six letters, lower case; none for short and very common words.
struct WordStem {
    private var hash = WordHash()
    private var length = 0

    mutating func add(_ byte: UInt8) {
        length += 1
        if length <= 6 { hash.add(byte) }
    }

    var value: UInt64? {
        guard length > 2 else { return nil }
        let value = hash.value
        return Self.likelyCommon.contains(value) && Self.common.contains(value) ? nil : value
    }

    /// Tells most words from common ones at the price of a bit.
    private static let likelyCommon: WordSet = {
        var set = WordSet()
        for word in common { set.insert(word) }
        return set
    }()

    private static let common: Set<UInt64> = Set(
        """
        the and for with that this what how can you from are was which your please would has have will its into out get all any not but
        one two who when where does about give find using between need want
        """
        .split(whereSeparator: \.isWhitespace).map { WordHash.of(String($0.prefix(6))) })
}
