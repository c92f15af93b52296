/// One pass over the inside of a string that is to be mended.
struct JSONStringMending {
    private static let replacement = Array(#"\ufffd"#.utf8)

    private let content: [UInt8]
    private let holds: Bool
    /// The half of a character that the string ends with.
    private(set) var half: SplitCharacter?
    private var output: [UInt8] = []
    /// The digits of a high surrogate whose other half must come next.
    private var high: [UInt8]?

    /// - Parameters:
    ///   - half: what the string of the text before ended with.
    ///   - holds: whether half a character at the end is held back.
    init(_ content: ArraySlice<UInt8>, after half: SplitCharacter?, holds: Bool) {
        self.holds = holds
        // An empty string says nothing of what follows the half.
        guard !content.isEmpty else {
            self.content = []
            self.half = half
            return
        }
        switch half {
        case .surrogate(let digits):
            high = digits
            self.content = Array(content)
        case .bytes(let first): self.content = first + content
        case nil: self.content = Array(content)
        }
    }

    /// The mended inside of the string.
    mutating func run() -> [UInt8] {
        var position = 0
        while position < content.count {
            let byte = content[position]
            if byte == ASCII.backslash {
                position = readEscape(at: position)
            } else if byte >= 0x80 {
                position = readNonASCII(at: position)
            } else {
                endSurrogate()
                if byte < 0x20 {
                    let digits = Array("0123456789abcdef".utf8)
                    output += Array(#"\u00"#.utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 0x0F)]]
                } else {
                    output.append(byte)
                }
                position += 1
            }
        }
        if let high {
            if holds { half = .surrogate(high) } else { output += Self.replacement }
        }
        return output
    }

    /// A high surrogate that no low one follows is no character.
    private mutating func endSurrogate() {
        if high != nil { output += Self.replacement }
        high = nil
    }

    private mutating func readEscape(at position: Int) -> Int {
        guard position + 1 < content.count else {
            endSurrogate()
            output += [ASCII.backslash, ASCII.backslash]
            return position + 1
        }
        if content[position + 1] == UInt8(ascii: "u"), position + 6 <= content.count {
            let digits = Array(content[(position + 2)..<(position + 6)])
            let values = digits.compactMap { ASCII.hexValue($0) }
            if values.count == 4 {
                add(unit: values.reduce(0) { $0 << 4 | $1 }, digits)
                return position + 6
            }
        }
        endSurrogate()
        switch content[position + 1] {
        case ASCII.quote, ASCII.backslash, ASCII.slash, UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"),
            UInt8(ascii: "r"), UInt8(ascii: "t"):
            output += [ASCII.backslash, content[position + 1]]
            return position + 2
        default:
            // No escape of JSON's: the backslash stands for itself.
            output += [ASCII.backslash, ASCII.backslash]
            return position + 1
        }
    }

    private mutating func add(unit: UInt32, _ digits: [UInt8]) {
        let escape = Array(#"\u"#.utf8)
        switch unit & 0xFC00 {
        case 0xD800:
            endSurrogate()
            high = digits
        case 0xDC00:
            if let high { output += escape + high + escape + digits } else { output += Self.replacement }
            high = nil
        default:
            endSurrogate()
            output += escape + digits
        }
    }

    private mutating func readNonASCII(at start: Int) -> Int {
        endSurrogate()
        var end = start
        while end < content.count, content[end] >= 0x80 { end += 1 }
        var run = content[start..<end]
        if holds, end == content.count, let cut = Self.startOfCutSequence(in: run) {
            half = .bytes(Array(run[cut...]))
            run = run[..<cut]
        }
        output += Array(String(decoding: run, as: UTF8.self).utf8)
        return end
    }

    /// Where a sequence begins that the bytes do not end; nil if they end with a whole one, or with none.
    private static func startOfCutSequence(in run: ArraySlice<UInt8>) -> Int? {
        guard let first = run.indices.suffix(3).last(where: { run[$0] >= 0xC2 }) else { return nil }
        let length =
            switch run[first] {
            case 0xC2...0xDF: 2
            case 0xE0...0xEF: 3
            case 0xF0...0xF4: 4
            default: 1
            }
        return run.endIndex - first < length ? first : nil
    }
}
