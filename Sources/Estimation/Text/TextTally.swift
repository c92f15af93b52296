#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Counts over the bytes of a prompt, in one pass.
struct TextTally {
    private(set) var words = WordSet()
    /// Stems of words, see `WordStem`.
    private(set) var stems = WordSet()
    let bytes: Int

    private let perByte: [Int32]
    private var wordCount = 0
    private var wordBytes = 0
    private var longestWord = 0
    private var numbers = 0
    private var decimals = 0
    private var greatestNumber: Double = 0
    private var loops = 0
    private var branches = 0
    private var negations = 0
    private var joints = 0
    private var sequels = 0
    private var lines = LineTally()
    private let known = SignalWords.shared

    init(_ text: UnsafeBufferPointer<UInt8>) {
        bytes = text.count
        perByte = Self.counts(of: text)
        var index = 0
        var lineStart = 0
        while index < text.count {
            let byte = text[index]
            if byte == UInt8(ascii: "\n") {
                lines.add(UnsafeBufferPointer(rebasing: text[lineStart..<index]))
                lineStart = index + 1
            }
            guard ByteKind.isLetter(byte) else {
                index += 1
                continue
            }
            var end = index
            var hash = WordHash()
            var stem = WordStem()
            var digits = 0
            var number: Double = 0
            while end < text.count, ByteKind.isLetter(text[end]) {
                let byte = text[end]
                hash.add(byte)
                if ByteKind.isASCIILetter(byte) {
                    stem.add(byte)
                } else if Self.isDigit(byte) {
                    digits += 1
                    if digits < 10 { number = number * 10 + Double(byte & 15) }
                }
                end &+= 1
            }
            word(hash.value, length: end - index)
            if let value = stem.value { stems.insert(value) }
            if digits > 0 {
                numbers += 1
                greatestNumber = max(greatestNumber, number)
                if end + 1 < text.count, text[end] == UInt8(ascii: "."), Self.isDigit(text[end + 1]),
                    digits == end - index
                {
                    decimals += 1
                }
            }
            index = end
        }
        lines.add(UnsafeBufferPointer(rebasing: text[lineStart...]))
    }

    private static func counts(of text: UnsafeBufferPointer<UInt8>) -> [Int32] {
        var counts = [Int32](repeating: 0, count: 256)
        counts.withUnsafeMutableBufferPointer { counts in
            for byte in text { counts[Int(byte)] &+= 1 }
        }
        return counts
    }

    @inline(__always)
    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

    private mutating func word(_ hash: UInt64, length: Int) {
        words.insert(hash)
        wordCount += 1
        wordBytes += length
        longestWord = max(longestWord, length)
        let known = known
        switch hash {
        case known.for, known.while: loops += 1
        case known.if, known.elif, known.else: branches += 1
        case known.not, known.except, known.least, known.never: negations += 1
        case known.and: joints += 1
        case known.also, known.then, known.both, known.each, known.respectively, known.finally: sequels += 1
        default: break
        }
    }

    /// Counts of conjunctions (`and`) and of sequence words (`then`, `also`, ...).
    var joins: [Float] { [log1p(Float(joints)), log1p(Float(sequels))] }

    /// The 43 counts.
    func values() -> [Float] {
        let length = Float(bytes + 1)
        func n(_ byte: Unicode.Scalar) -> Float { Float(perByte[Int(byte.value)]) }
        func sum(_ range: ClosedRange<Int>) -> Float { Float(range.reduce(0) { $0 + perByte[$1] }) }
        let digits = sum(0x30...0x39)
        let capitals = sum(0x41...0x5a)
        let beyondASCII = sum(0x80...0xff)
        let marks = sum(0x21...0x7e) - digits - capitals - sum(0x61...0x7a)
        return [
            log(length), log1p(Float(wordCount)), Float(wordBytes) / Float(max(wordCount, 1)), digits / length,
            capitals / length, marks / length, log1p(Float(numbers)), log1p(n("\n")), log1p(n("$")), log1p(n("\\")),
            n("?"), log1p(n(".")), log1p(n(",")), Float(words.count) / Float(wordCount + 1), Float(longestWord),
            Float(log1p(greatestNumber)), log1p(Float(loops)), log1p(Float(branches)), log1p(n("(")), log1p(n("[")),
            log1p(n("=")), log1p(n("'")), log1p(n("\"")), Float(negations), log1p(Float(decimals)), log1p(n("%")),
            log1p(n("/")), log1p(n("^") + n("_")), log1p(n("-")), log1p(n("{")), log1p(n("_")), log1p(beyondASCII),
            log1p(n(":")), log1p(n(";")), log1p(n("+") + n("*")), log1p(n("<") + n(">")),
        ] + lines.values()
    }
}

/// Counts over the lines of a text, with the lettered choices (`A. ...` or `(B) ...`).
struct LineTally {
    private var count = 0
    private var first = 0
    private var longest = 0
    private var sum: Float = 0
    private var squares: Float = 0
    private var choices = 0
    private var choiceSum: Float = 0
    private var choiceSquares: Float = 0
    private var choicesWithDigits = 0

    mutating func add(_ line: UnsafeBufferPointer<UInt8>) {
        let length = Float(line.count)
        if count == 0 { first = line.count }
        count += 1
        longest = max(longest, line.count)
        sum += length
        squares += length * length
        var start = 0
        if line.count > 3, line[0] == UInt8(ascii: "(") { start = 1 }
        guard line.count > start + 2, line[start] >= 0x41, line[start] <= 0x54,
            line[start + 1] == UInt8(ascii: ".") || line[start + 1] == UInt8(ascii: ")"), line[start + 2] == 0x20
        else { return }
        choices += 1
        choiceSum += length
        choiceSquares += length * length
        if line.contains(where: { $0 >= 0x30 && $0 <= 0x39 }) { choicesWithDigits += 1 }
    }

    /// The 7 counts.
    func values() -> [Float] {
        let mean = sum / Float(max(count, 1))
        let spread = max(0, squares / Float(max(count, 1)) - mean * mean).squareRoot()
        let choiceMean = choiceSum / Float(max(choices, 1))
        let choiceSpread = max(0, choiceSquares / Float(max(choices, 1)) - choiceMean * choiceMean).squareRoot()
        return [
            log1p(Float(longest)), log1p(spread), log1p(Float(first)), log1p(Float(choices)), log1p(choiceMean),
            choiceSpread / (1 + choiceMean), Float(choicesWithDigits) / Float(max(choices, 1)),
        ]
    }
}

/// Hashes of signal words. A text copies them once, because every access to a global costs a call.
private struct SignalWords {
    static let shared = SignalWords()

    let `for` = WordHash.of("for")
    let `while` = WordHash.of("while")
    let `if` = WordHash.of("if")
    let elif = WordHash.of("elif")
    let `else` = WordHash.of("else")
    let not = WordHash.of("not")
    let except = WordHash.of("except")
    let least = WordHash.of("least")
    let never = WordHash.of("never")
    let and = WordHash.of("and")
    let also = WordHash.of("also")
    let then = WordHash.of("then")
    let both = WordHash.of("both")
    let each = WordHash.of("each")
    let respectively = WordHash.of("respectively")
    let finally = WordHash.of("finally")
}
