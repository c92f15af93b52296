/// The final answer of a model's output, normalised so that the answers of two models compare.
///
/// It is the value of the last `"answer":` member, else the content of `\boxed{}`, else the text behind the last
/// "answer is". Otherwise it is a short output as a whole, or the last line of a long one. Tool calls of any dialect
/// count as a bag of words, so the order of arguments and the markup do not matter. Signs and decimals of numbers do.
package struct FinalAnswer: Sendable, Hashable {
    /// Hash of the normalised answer: equal for equal answers.
    package let key: UInt64
    /// Hashes of its words, sorted and unique.
    let words: [UInt64]
    /// Whether it is a tool call.
    package let isCall: Bool
    /// Whether a marked final answer was found.
    package let isMarked: Bool

    /// - Parameter offersTools: whether the request offered tools. All outputs without a call are then one answer.
    package init(_ output: String, offersTools: Bool = false) {
        let bytes = Array(output.utf8)
        let isCall = offersTools && Self.looksLikeCall(bytes)
        self.isCall = isCall
        var marked = false
        let part: ArraySlice<UInt8>
        if isCall {
            part = bytes[...]
        } else if offersTools {
            part = []
        } else if let found = Self.markedPart(bytes) {
            part = found
            marked = true
        } else {
            part = Self.tail(bytes)
        }
        isMarked = marked
        var sum: UInt64 = isCall ? 1 : 0
        var found: [UInt64] = []
        Self.forEachWord(part) { hash in
            if isCall, Self.dressing.contains(hash) { return }
            sum &+= hash &* 0x2545_f491_4f6c_dd1d
            found.append(hash)
        }
        key = sum
        words = Array(Set(found)).sorted()
    }

    /// The part of an output that is the final answer: the marked part, a short output as a whole, or the last line.
    package static func part(of output: String) -> String { markedPart(of: output).part }

    /// The final answer, and whether the output marks it.
    package static func markedPart(of output: String) -> (part: String, isMarked: Bool) {
        let bytes = Array(output.utf8)
        let marked = markedPart(bytes)
        return (String(decoding: marked ?? tail(bytes), as: UTF8.self), marked != nil)
    }

    /// Jaccard similarity of the two sets of words.
    func similarity(to other: FinalAnswer) -> Float {
        if key == other.key { return 1 }
        var i = 0
        var j = 0
        var common = 0
        while i < words.count, j < other.words.count {
            if words[i] == other.words[j] {
                common += 1
                i += 1
                j += 1
            } else if words[i] < other.words[j] {
                i += 1
            } else {
                j += 1
            }
        }
        let all = words.count + other.words.count - common
        return all == 0 ? 0 : Float(common) / Float(all)
    }

    /// Words that only one dialect of tool calls contains.
    private static let dressing: Set<UInt64> = Set(
        ["tool", "calls", "name", "arguments", "parameters", "function", "type"].map { WordHash.of($0) })

    private static func looksLikeCall(_ bytes: [UInt8]) -> Bool {
        guard let start = bytes.firstIndex(where: { $0 > 0x20 }) else { return false }
        if bytes[start] == UInt8(ascii: "[") || bytes[start] == UInt8(ascii: "{") { return true }
        // name.of_function( ...
        var index = start
        while index < bytes.count,
            ByteKind.of(bytes[index]) == .letter || bytes[index] == UInt8(ascii: ".")
                || bytes[index] == UInt8(ascii: "_")
        { index += 1 }
        return index > start && index < bytes.count && bytes[index] == UInt8(ascii: "(")
    }

    /// Calls `body` with the hash of every word. A sign or a decimal point belongs to its number.
    private static func forEachWord(_ bytes: ArraySlice<UInt8>, _ body: (UInt64) -> Void) {
        func isDigit(_ index: Int) -> Bool {
            index < bytes.endIndex && bytes[index] >= 0x30 && bytes[index] <= 0x39
        }
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let isSigned = bytes[index] == UInt8(ascii: "-") && isDigit(index + 1)
            guard ByteKind.of(bytes[index]) == .letter || isSigned else {
                index += 1
                continue
            }
            var hash = WordHash()
            if isSigned {
                hash.add(bytes[index])
                index += 1
            }
            var digits = true
            while index < bytes.endIndex {
                let byte = bytes[index]
                if ByteKind.of(byte) == .letter {
                    if !isDigit(index) { digits = false }
                    hash.add(byte)
                    index += 1
                } else if byte == UInt8(ascii: ","), digits, isDigit(index + 1), isDigit(index + 2), isDigit(index + 3),
                    !isDigit(index + 4)
                {
                    index += 1  // the comma of 1,000
                } else if byte == UInt8(ascii: "."), digits, isDigit(index + 1) {
                    // 18.0 and 18.00 are 18.
                    var end = index + 1
                    while isDigit(end), bytes[end] == 0x30 { end += 1 }
                    if isDigit(end) {
                        hash.add(byte)
                        index += 1
                    } else {
                        index = end
                    }
                } else {
                    break
                }
            }
            body(hash.value)
        }
    }

    private static func markedPart(_ bytes: [UInt8]) -> ArraySlice<UInt8>? {
        if let start = lastEnd(of: "\"answer\"", in: bytes) {
            var index = start
            while index < bytes.count, bytes[index] <= 0x20 || bytes[index] == UInt8(ascii: ":") { index += 1 }
            guard index < bytes.count else { return nil }
            if bytes[index] == UInt8(ascii: "\"") {
                var end = index + 1
                while end < bytes.count, bytes[end] != UInt8(ascii: "\"") {
                    end += bytes[end] == UInt8(ascii: "\\") ? 2 : 1
                }
                return bytes[(index + 1)..<max(index + 1, min(end, bytes.count))]
            }
            let end = bytes[index...].firstIndex { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "}") } ?? bytes.count
            return bytes[index..<end]
        }
        if let start = lastEnd(of: "\\boxed{", in: bytes) {
            var depth = 1
            var end = start
            while end < bytes.count, depth > 0 {
                if bytes[end] == UInt8(ascii: "{") { depth += 1 }
                if bytes[end] == UInt8(ascii: "}") { depth -= 1 }
                end += 1
            }
            return bytes[start..<max(start, end - 1)]
        }
        for mark in ["answer is", "Answer:", "<solution>"] {
            if let start = lastEnd(of: mark, in: bytes) {
                let end =
                    bytes[start...].firstIndex { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "<") } ?? bytes.count
                return bytes[start..<end]
            }
        }
        return nil
    }

    /// A short output as a whole, else its last line.
    private static func tail(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
        let end = (bytes.lastIndex { $0 > 0x20 } ?? -1) + 1
        if end <= 120 { return bytes[..<end] }
        let start = (bytes[..<end].lastIndex(of: UInt8(ascii: "\n")) ?? -1) + 1
        return bytes[start..<end]
    }

    private static func lastEnd(of mark: String, in bytes: [UInt8]) -> Int? {
        let mark = Array(mark.utf8)
        var start = bytes.count - mark.count
        while start >= 0 {
            if bytes[start] == mark[0], bytes[start..<(start + mark.count)].elementsEqual(mark) {
                return start + mark.count
            }
            start -= 1
        }
        return nil
    }
}
