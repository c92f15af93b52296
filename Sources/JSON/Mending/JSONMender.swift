/// Makes JSON of texts that are nearly JSON, and joins characters that were split between two of them.
///
/// Model servers cut their answers between tokens, and a token may end inside a character. Then one event of a stream
/// ends with half of it, as a lone surrogate escape or as the first bytes of a UTF-8 sequence. The half is held back and
/// stands in front of the string at the same path of the next text. Mended as well are numbers that JSON has not (NaN,
/// Infinity), which become null, raw control characters, and escapes that JSON has not. Texts that are cut off stay
/// errors.
package struct JSONMender: Sendable {
    /// The first halves of characters, by the path of their string.
    private var halves: [String: SplitCharacter] = [:]

    package init() {}

    /// Reads the next text. Throws the error of the text as it is if it cannot be mended.
    package mutating func document(_ bytes: [UInt8]) throws(JSONError) -> JSONDocument {
        let unmended = Result { () throws(JSONError) in try JSONDocument(bytes) }
        if halves.isEmpty, case .success(let document) = unmended { return document }
        var copy = JSONMending(bytes, halves: halves)
        guard let mended = copy.run(), let document = try? JSONDocument(mended) else { return try unmended.get() }
        halves = copy.halves
        return document
    }

    /// Reads a text that nothing follows: half a character at the end of a string becomes U+FFFD.
    package static func whole(_ bytes: [UInt8]) throws(JSONError) -> JSONDocument {
        do {
            return try JSONDocument(bytes)
        } catch {
            var copy = JSONMending(bytes, halves: [:], holds: false)
            guard let mended = copy.run(), let document = try? JSONDocument(mended) else { throw error }
            return document
        }
    }
}

/// The first half of a character.
enum SplitCharacter: Hashable, Sendable {
    /// A high surrogate, as the four digits of its escape.
    case surrogate([UInt8])
    /// The first bytes of a UTF-8 sequence.
    case bytes([UInt8])
}

/// One pass over a text that is to be mended.
struct JSONMending {
    /// What encloses a value: the key of an object's member, or the index of an array's element.
    private enum Level {
        case object(key: String, expectsKey: Bool)
        case array(Int)

        var name: String {
            switch self {
            case .object(let key, _): key
            case .array(let index): "\(index)"
            }
        }
    }

    /// Open levels that ``JSONDocument`` takes; deeper texts are not mended.
    private static let mostLevels = 512

    private let bytes: [UInt8]
    private let holds: Bool
    private(set) var halves: [String: SplitCharacter]
    private var levels: [Level] = []
    private var output: [UInt8] = []
    private var position = 0

    /// - Parameter holds: whether half a character at the end of a string is held back for the next text.
    init(_ bytes: [UInt8], halves: [String: SplitCharacter], holds: Bool = true) {
        self.bytes = bytes
        self.halves = halves
        self.holds = holds
        output.reserveCapacity(bytes.count + 16)
    }

    /// The mended text, not validated; nil if a string has no end, or too many levels are open.
    mutating func run() -> [UInt8]? {
        position = bytes.withoutByteOrderMark.startIndex
        while position < bytes.count {
            let byte = bytes[position]
            if byte == ASCII.quote {
                guard readString() else { return nil }
                continue
            }
            if Self.isWord(byte) {
                readWord()
                continue
            }
            switch byte {
            case ASCII.openBrace: levels.append(.object(key: "", expectsKey: true))
            case ASCII.openBracket: levels.append(.array(0))
            case ASCII.closeBrace, ASCII.closeBracket: _ = levels.popLast()
            case ASCII.comma: nextElement()
            default: break
            }
            guard levels.count <= Self.mostLevels else { return nil }
            output.append(byte)
            position += 1
        }
        return output
    }

    private mutating func nextElement() {
        switch levels.popLast() {
        case .object: levels.append(.object(key: "", expectsKey: true))
        case .array(let index): levels.append(.array(index + 1))
        case nil: break
        }
    }

    // MARK: Words

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), ASCII.minus, ASCII.plus,
            ASCII.dot, ASCII.zero...ASCII.nine:
            true
        default: false
        }
    }

    /// Numbers and names; those that are no numbers become null.
    private mutating func readWord() {
        let start = position
        while position < bytes.count, Self.isWord(bytes[position]) { position += 1 }
        let word = bytes[start..<position]
        let name = String(decoding: word, as: UTF8.self).lowercased().drop { $0 == "-" || $0 == "+" }
        output += ["nan", "inf", "infinity"].contains(String(name)) ? Array("null".utf8)[...] : word
    }

    // MARK: Strings

    private mutating func readString() -> Bool {
        let start = position + 1
        var end = start
        while end < bytes.count, bytes[end] != ASCII.quote { end += bytes[end] == ASCII.backslash ? 2 : 1 }
        guard end < bytes.count else { return false }
        position = end + 1
        output.append(ASCII.quote)
        if case .object(_, expectsKey: true)? = levels.last {
            var key = JSONStringMending(bytes[start..<end], after: nil, holds: false)
            let text = key.run()
            output += text
            levels[levels.count - 1] = .object(key: String(decoding: text, as: UTF8.self), expectsKey: false)
        } else {
            let path = levels.map(\.name).joined(separator: "/")
            var value = JSONStringMending(bytes[start..<end], after: halves[path], holds: holds)
            output += value.run()
            halves[path] = value.half
        }
        output.append(ASCII.quote)
        return true
    }
}
