/// Makes a server's words fit for a log and a caller: short, printable, without tags and without keys.
package enum FailureText {
    package static let maximumBytes = 2000
    private static let maximumCharacters = 300

    /// The words of a body that is no JSON; HTML loses its tags.
    package static func plain(_ body: [UInt8]) -> String {
        let text = String(decoding: body.prefix(maximumBytes), as: UTF8.self)
        guard text.contains("<") else { return text }
        var words = ""
        var isTag = false
        for character in text {
            switch character {
            case "<": isTag = true
            case ">":
                isTag = false
                words.append(" ")
            default: if !isTag { words.append(character) }
            }
        }
        return words
    }

    /// One line of at most 300 characters; words that look like keys are blacked out.
    package static func clean(_ text: String) -> String {
        let words = text.prefix(maximumBytes).unicodeScalars.split {
            $0.value < 0x21 || $0.value == 0x7F || $0.properties.isWhitespace
        }
        return String(words.map { blackOut(String($0)) }.joined(separator: " ").prefix(maximumCharacters))
    }

    /// `sk-...` is how most providers' keys begin; some servers repeat the key that they refuse.
    private static func blackOut(_ word: String) -> String {
        var result = ""
        var rest = word[...]
        while !rest.isEmpty {
            if rest.hasPrefix("sk-"), result.last?.isLetter != true {
                result += "sk-..."
                rest = rest.dropFirst(3).drop { $0.isLetter || $0.isNumber || "-_*.".contains($0) }
            } else {
                result.append(rest.removeFirst())
            }
        }
        return result
    }
}
