/// Sanitises error bodies for logs and clients: short, printable, no HTML tags, no keys.
package enum FailureText {
    /// Bytes of a server's text that are read. More than is shown, so that a key is found before the text is cut.
    package static let maximumBytes = 8000
    private static let maximumCharacters = 300

    /// The text of a body that is not JSON; HTML tags are stripped.
    package static func plain(_ body: [UInt8]) -> String {
        let text = String(decoding: body.prefix(maximumBytes), as: UTF8.self)
        guard text.contains("<") else { return text }
        var stripped = ""
        var isTag = false
        for character in text {
            switch character {
            case "<": isTag = true
            case ">":
                isTag = false
                stripped.append(" ")
            default: if !isTag { stripped.append(character) }
            }
        }
        return stripped
    }

    /// One line of at most 300 characters; API keys are redacted.
    package static func clean(_ text: String) -> String { shortened(oneLine(text)) }

    /// The first 300 characters of a line.
    package static func shortened(_ line: String) -> String { String(line.prefix(maximumCharacters)) }

    /// The whole text as one line without control characters; API keys are redacted.
    package static func oneLine(_ text: String) -> String {
        let tokens = text.prefix(maximumBytes).unicodeScalars.split {
            $0.value < 0x21 || $0.value == 0x7F || $0.properties.isWhitespace
        }
        return tokens.map { redact(String($0)) }.joined(separator: " ")
    }

    /// Most providers' keys begin with `sk-`; some error bodies repeat the rejected key.
    private static func redact(_ token: String) -> String {
        var result = ""
        var rest = token[...]
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
