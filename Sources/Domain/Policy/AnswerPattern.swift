#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A regular expression for checks of answers, in POSIX extended syntax with `\d`, `\w`, `\s`, `\b` and `(?:`.
///
/// The system's matcher needs linear time for patterns without back references, so these are refused. So are patterns
/// that grow large by their counted repetitions, since the matcher unfolds them.
package struct AnswerPattern: Sendable {
    private let source: String

    /// Why a pattern cannot be used.
    package struct Fault: Error, CustomStringConvertible {
        /// What is wrong, to follow the name of the field.
        package let description: String
    }

    /// Most bytes of an answer that are searched.
    package static let mostBytes = 1 << 20
    /// Greatest product of the counts of a pattern's repetitions.
    private static let mostRepetitions = 2000
    /// Greatest product of that and the pattern's bytes; the matcher takes about 200 bytes for each.
    private static let mostUnfolded = 64 << 10

    package init(_ pattern: String) throws(Fault) {
        source = try Self.translated(pattern)
        var expression = regex_t()
        let code = regcomp(&expression, source, REG_EXTENDED | REG_NOSUB)
        guard code == 0 else {
            var words = [CChar](repeating: 0, count: 200)
            regerror(code, &expression, &words, words.count)
            let text = String(decoding: words.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw Fault(description: "is no regular expression (\(text))")
        }
        regfree(&expression)
    }

    /// Whether the pattern is found anywhere in a text. Zero bytes count as spaces.
    package func isFound(in text: String) -> Bool {
        var expression = regex_t()
        guard regcomp(&expression, source, REG_EXTENDED | REG_NOSUB) == 0 else { return false }
        defer { regfree(&expression) }
        let bytes = text.utf8.prefix(Self.mostBytes).map { CChar(bitPattern: $0 == 0 ? 0x20 : $0) } + [0]
        return regexec(&expression, bytes, 0, nil, 0) == 0
    }

    /// The pattern in POSIX's own words.
    private static func translated(_ pattern: String) throws(Fault) -> String {
        var result = ""
        var characters = pattern[...]
        var isInBrackets = false
        var product = 1
        while let character = characters.popFirst() {
            switch character {
            case "\0": throw Fault(description: "has a zero character")
            case "\\":
                guard let next = characters.popFirst() else { throw Fault(description: "ends with a backslash") }
                result += try escape(next, isInBrackets: isInBrackets)
            case "[" where !isInBrackets:
                isInBrackets = true
                result.append(character)
                // A bracket or its negation may begin with a literal "]".
                if characters.first == "^" { result.append(characters.removeFirst()) }
                if characters.first == "]" { result.append(characters.removeFirst()) }
            case "[" where characters.first.map { ":.=".contains($0) } ?? false:
                // A class in a bracket, such as "[:alpha:]".
                let mark = characters.removeFirst()
                guard let end = characters.firstRange(of: "\(mark)]") else {
                    throw Fault(description: "has an unclosed [\(mark) in brackets")
                }
                result += "[\(mark)" + characters[..<end.upperBound]
                characters = characters[end.upperBound...]
            case "]":
                isInBrackets = false
                result.append(character)
            case "(" where !isInBrackets && characters.first == "?":
                guard characters.dropFirst().first == ":" else {
                    throw Fault(description: "looks ahead or behind, or has options, which are not supported")
                }
                characters.removeFirst(2)
                result.append("(")
            case "{" where !isInBrackets:
                let counts = characters.prefix { $0 != "}" }.split(separator: ",").compactMap { Int($0) }
                product = min(product * max(counts.max() ?? 1, 1), mostRepetitions + 1)
                guard product <= mostRepetitions else {
                    throw Fault(description: "repeats more than \(mostRepetitions) times in counted repetitions")
                }
                guard product * pattern.utf8.count <= mostUnfolded else {
                    throw Fault(
                        description: "is too long for its counted repetitions: their product times its bytes is over "
                            + "\(mostUnfolded)")
                }
                result.append(character)
            default: result.append(character)
            }
        }
        return result
    }

    private static func escape(_ next: Character, isInBrackets: Bool) throws(Fault) -> String {
        let classes: [Character: String] = ["d": "0-9", "w": "[:alnum:]_", "s": "[:space:]"]
        if let members = classes[next] { return isInBrackets ? members : "[\(members)]" }
        let others: [Character: String] = ["D": "d", "W": "w", "S": "s"]
        if let kind = others[next]?.first, let members = classes[kind] {
            guard !isInBrackets else { throw Fault(description: "has \\\(next) in brackets, which is not supported") }
            return "[^\(members)]"
        }
        switch next {
        case "n": return "\n"
        case "t": return "\t"
        case "r": return "\r"
        case "b", "B", "<", ">": return "\\\(next)"
        case "0"..."9": throw Fault(description: "has a back reference, which is not supported")
        default:
            if next.isLetter { throw Fault(description: "has the unknown escape \\\(next)") }
            // A bracket takes a backslash for itself.
            guard isInBrackets else { return "\\\(next)" }
            return next == "]" ? "[.].]" : next == "-" ? "[.-.]" : next == "^" ? "[.^.]" : String(next)
        }
    }
}
