import Upstream

/// The words of a refusal, searched for names of what was refused.
struct RefusalWords {
    /// Names that are words of English, too: they count only where they are marked as names.
    private static let ordinary: Set<String> = [
        "user", "store", "seed", "metadata", "thinking", "reasoning", "provider", "transforms", "name", "strict",
        "refusal", "stop", "n", "tools", "stream", "default", "format", "title", "pattern",
    ]
    /// Words before a name.
    private static let labels: Set<String> = [
        "argument", "arguments", "parameter", "parameters", "field", "fields", "property", "key", "option", "supplied",
        "param", "params", "input", "inputs", "member", "attribute", "setting", "unknown", "unsupported", "unexpected",
    ]
    private static let unknown = [
        "unknown", "unrecognized", "unrecognised", "unexpected", "extra", "unsupported", "not supported",
        "not permitted", "not allowed", "cannot find field", "does not support", "additional properties",
        "doesn't support", "not a valid", "no such",
    ]
    /// Words that say that a value is out of range, malformed or too long. All words of one list have to be there.
    private static let wrongValue = [
        ["above_max"], ["below_min"], ["above maximum"], ["below minimum"], ["maximum value"], ["minimum value"],
        ["maximum length"], ["minimum length"], ["out_of_range"], ["out of range"], ["in the range"], ["must be in "],
        ["between"], ["at most"], ["at least"], ["no more than"], ["less than"], ["less_than"], ["greater than"],
        ["greater_than"], ["larger than"], ["smaller than"], ["longer than"], ["exceed"], ["<="], [">="],
        ["too_long"], ["too long"], ["too_short"], ["too short"], ["too_large"], ["too large"], ["too small"],
        ["too big"], ["too high"], ["too low"], ["too many"], ["max_length"], ["invalid_type"], ["invalid type"],
        ["invalid_enum"], ["invalid value"], ["must be one of"], ["should be one of"],
        ["not one of"], ["unknown variant"], ["supported values"], ["allowed values"], ["valid values"],
        ["must be a "], ["must be an "], ["should be a valid"], [" expected", " got "], [" expected", " received "],
    ]
    /// Words that say that a model takes no value but its own.
    private static let onlyDefault = ["only the default"]

    private let text: String
    /// The words of the text, each once. A request may have very many members to look for.
    private let words: Set<Substring>
    private let field: String?
    /// Whether the server knows the member and refuses its value: another value may be taken.
    let isOfValue: Bool

    init(_ failure: UpstreamFailure) {
        let words = [failure.code ?? "", failure.text].joined(separator: " ").lowercased()
        // Rust's servers go on with the names of all members that they do know.
        let rest = words.contains("unknown field") ? words.ranges(of: ", expected").first : nil
        let text = rest.map { String(words[..<$0.lowerBound]) } ?? words
        self.text = text
        self.words = Set(Self.words(of: text))
        field = failure.field?.lowercased()
        isOfValue =
            !Self.onlyDefault.contains { text.contains($0) }
            && Self.wrongValue.contains { $0.allSatisfy { text.contains($0) } }
    }

    func has(_ words: String) -> Bool { text.contains(words) }

    /// Whether the provider named this member of the request as the wrong one.
    func isField(_ name: String) -> Bool {
        let name = name.lowercased()
        return field.map {
            $0 == name || $0.hasPrefix(name + ".") || $0.hasPrefix(name + "[") || $0.hasSuffix("." + name)
        }
            ?? false
    }

    /// Whether the name stands in quotes.
    func quotes(_ name: String) -> Bool {
        let isQuoted = Self.spellings(of: name).contains { name in
            ["'", "\"", "`", "\\\""].contains { text.contains($0 + name + $0) }
        }
        return isQuoted || isField(name)
    }

    /// Whether the name stands in the text as a word of its own.
    func names(_ name: String) -> Bool { !places(of: name).isEmpty || isField(name) }

    /// Whether the text is about this name and not about a word that is spelled alike.
    func refuses(_ name: String) -> Bool {
        if quotes(name) { return true }
        let places = places(of: name)
        guard Self.ordinary.contains(name) else { return !places.isEmpty }
        return places.contains { place in
            let before = text[..<place.lowerBound].split { !$0.isLetter }.last.map(String.init) ?? ""
            let joint = text[..<place.lowerBound].last
            let after = text[place.upperBound...].first
            return Self.labels.contains(before) || joint == "." || after == ":"
        }
    }

    /// Whether the server does not know a member of this name.
    func doesNotKnow(_ name: String) -> Bool {
        refuses(name) && Self.unknown.contains(where: has)
    }

    /// The whole numbers in the text.
    var numbers: [Int64] {
        text.replacing(",", with: "").split { !$0.isASCII || !$0.isNumber }.compactMap { Int64($0) }
    }

    private func places(of name: String) -> [Range<String.Index>] {
        let spellings = Self.spellings(of: name).filter { spelling in
            let parts = Self.words(of: spelling)
            return !parts.isEmpty && parts.allSatisfy(words.contains)
        }
        return spellings.flatMap { text.ranges(of: $0) }.filter { place in
            let before = text[..<place.lowerBound].last
            let after = text[place.upperBound...].first
            return !Self.isWord(before) && !Self.isWord(after)
        }
    }

    /// The name in lower case, and `presencePenalty` for `presence_penalty`.
    private static func spellings(of name: String) -> [String] {
        let name = name.lowercased()
        return name.contains("_") ? [name, name.replacing("_", with: "")] : [name]
    }

    private static func words(of text: String) -> [Substring] { text.split { !isWord($0) } }

    private static func isWord(_ character: Character?) -> Bool {
        character.map { $0.isLetter || $0.isNumber || $0 == "_" } ?? false
    }
}
