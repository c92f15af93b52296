package import Domain
import JSON

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Signs in the words of an answer that it may be wrong. They need no trained judge.
package struct AnswerSigns: Sendable {
    /// Whether it begins or ends with words of refusal.
    package let refuses: Bool
    /// Words of doubt, such as "perhaps" or "wait".
    package let hedges: Int
    /// Share of its groups of four words that it has more than once, 0...1.
    package let repetition: Double
    /// Share of its groups of six words that stand in the request or in what came since, 0...1.
    package let copied: Double
    /// Values of its tool calls' arguments, and how many of them stand nowhere in the request or its tools.
    package let arguments: (count: Int, unfounded: Int)
    /// Deviations of the logarithm of its length from what was predicted; above 0 for longer answers.
    package let excess: Double

    /// - Parameters:
    ///   - text: the answer's visible text.
    ///   - calls: the arguments of its tool calls as JSON texts.
    ///   - tokens: tokens written, as counted or estimated.
    ///   - expected: the predicted length; nil for none.
    ///   - request: the step that was asked.
    package init(text: String, calls: [String], tokens: Int, expected: OutputTokens?, request: StepText) {
        let words = Self.words(of: text)
        let ends = Array(words.prefix(Self.mostEdge)) + Array(words.suffix(Self.mostEdge))
        refuses = Self.count(Self.refusals, in: ends) > 0
        hedges = Self.count(Self.doubts, in: words)
        var seen = WordGroups(words: words.count)
        var repeated = 0
        let fours = WordGroups.each(4, of: words) { if !seen.insert($0) { repeated += 1 } }
        repetition = fours > 0 ? Double(repeated) / Double(fours) : 0
        let request = request.abridged
        if words.count < 6 {
            copied = 0
        } else {
            let texts = [request.prompt, request.history].map(Self.words)
            var known = WordGroups(words: texts.reduce(0) { $0 + $1.count })
            for text in texts { WordGroups.each(6, of: text) { _ = known.insert($0) } }
            var common = 0
            let sixes = WordGroups.each(6, of: words) { if known.contains($0) { common += 1 } }
            copied = Double(common) / Double(sixes)
        }
        let values = calls.flatMap(Self.values)
        let all = values.isEmpty ? [] : [request.prompt, request.history, request.tools ?? ""].flatMap(Self.words)
        let present = Set(all)
        arguments = (values.count, values.count { value in !Self.words(of: value).contains(where: present.contains) })
        if let expected, expected.mean > 0, expected.p95 > expected.mean, tokens > 0 {
            // The distance from the mean to 95 % is 1.645 deviations of the logarithm.
            let deviation = max(log(expected.p95 / expected.mean) / 1.645, Self.leastDeviation)
            excess = log(Double(tokens) / expected.mean) / deviation
        } else {
            excess = 0
        }
    }

    /// Words at each end that are searched for a refusal.
    private static let mostEdge = 60
    private static let leastDeviation = 0.3
    /// Words that are read of a text.
    private static let mostWords = 20_000

    private static let refusals = phrases([
        "i cannot", "i can t", "i m sorry", "i am sorry", "i m unable", "i am unable", "as an ai",
        "cannot be determined", "insufficient information", "not enough information", "i apologize", "unable to",
    ])
    private static let doubts = phrases([
        "might", "perhaps", "maybe", "probably", "unsure", "uncertain", "not sure", "i think", "i believe", "unclear",
        "approximately", "wait", "however", "actually",
    ])

    private static func phrases(_ texts: [String]) -> [UInt64: [[UInt64]]] {
        Dictionary(grouping: texts.map { words(of: $0) }) { $0[0] }
    }

    private static func count(_ phrases: [UInt64: [[UInt64]]], in words: [UInt64]) -> Int {
        var count = 0
        for (index, word) in words.enumerated() {
            guard let candidates = phrases[word] else { continue }
            if candidates.contains(where: { words[index...].starts(with: $0) }) { count += 1 }
        }
        return count
    }

    private static func words(of text: String) -> [UInt64] { WordHash.all(of: text, most: mostWords) }

    /// The strings and numbers in the arguments of a call.
    private static func values(of arguments: String) -> [String] {
        guard let root = try? JSONDocument(Array(arguments.utf8)).root else { return [] }
        var found: [String] = []
        var open = [root]
        while let value = open.popLast(), found.count < 200 {
            switch value.kind {
            case .object: open += value.members.map(\.value)
            case .array: open += value.elements
            case .string: if let text = value.string, !text.isEmpty { found.append(text) }
            case .number: found.append(String(decoding: value.raw, as: UTF8.self))
            default: continue
            }
        }
        return found
    }
}

/// A set of groups of words that may rarely take a new group for a known one, for speed.
private struct WordGroups {
    /// 64 bits or more for each expected word, a power of two; at most 2^17, for texts of some thousand words.
    private var bits: [UInt64]
    private let shift: UInt64

    /// - Parameter words: expected number of words.
    init(words: Int) {
        let exponent = min(11, max(1, Int.bitWidth - words.leadingZeroBitCount))
        bits = [UInt64](repeating: 0, count: 1 << exponent)
        shift = UInt64(64 - exponent)
    }

    private func place(_ hash: UInt64) -> (word: Int, bit: UInt64) {
        let mixed = (hash ^ hash >> 31) &* 0x9e37_79b9_7f4a_7c15
        return (Int(mixed >> shift), 1 << (mixed >> 20 & 63))
    }

    func contains(_ hash: UInt64) -> Bool {
        let (word, bit) = place(hash)
        return bits[word] & bit != 0
    }

    /// Returns whether the group is new.
    mutating func insert(_ hash: UInt64) -> Bool {
        let (word, bit) = place(hash)
        defer { bits[word] |= bit }
        return bits[word] & bit == 0
    }

    /// Calls `body` with the hash of every group of neighbouring words, and returns their number.
    @discardableResult
    static func each(_ length: Int, of words: [UInt64], _ body: (UInt64) -> Void) -> Int {
        guard words.count >= length else { return 0 }
        for start in 0...(words.count - length) {
            var hash: UInt64 = 0
            for index in start..<(start + length) { hash = (hash &* 0x0000_0100_0000_01b3) ^ words[index] }
            body(hash)
        }
        return words.count - length + 1
    }
}
