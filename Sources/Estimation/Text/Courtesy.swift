import Domain

/// Words of courtesy at both ends of a request, which say nothing of what is asked.
///
/// Recorded questions have few of them. Predictions of "Could you please ..., thanks!" would otherwise differ from those
/// of the same request without.
enum Courtesy {
    /// Greetings, before a mark or another phrase: "Hello world" is none.
    private static let greetings = [
        "good morning", "good afternoon", "good evening", "hi there", "hello there", "hey there", "hi", "hello", "hey",
    ]
    /// Phrases at the beginning, the longest first among those with one beginning.
    private static let openings = [
        "i have a quick question", "i have a question", "quick question", "i need some help with the following",
        "i need some help with this", "i need some help", "i need your help", "i need help with this", "i need help",
        "i'd appreciate your help with the following", "i would appreciate your help with the following",
        "could you please help me with this", "could you help me with this", "can you please help me with this",
        "can you help me with this", "can you do this for me", "would you mind helping me", "please help me with this",
        "please help me", "i would like you to", "i'd like you to", "i want you to", "i need you to",
        "would you be so kind as to", "could you please", "can you please", "would you please", "will you please",
        "could you kindly", "would you kindly", "please", "pls", "plz", "kindly",
    ]
    /// The same before one of the verbs below only: "can you eat it?" is a question.
    private static let questions = ["could you", "can you", "would you", "will you"]
    private static let verbs: Set<String> = [
        "answer", "calculate", "check", "classify", "compare", "compute", "convert", "correct", "create", "debug",
        "define", "derive", "describe", "design", "draft", "explain", "extract", "find", "fix", "generate", "give",
        "identify", "implement", "improve", "list", "make", "name", "outline", "propose", "prove", "provide",
        "refactor", "review", "rewrite", "show", "solve", "suggest", "summarise", "summarize", "tell", "translate",
        "write",
    ]
    private static let endings = [
        "thank you very much in advance", "thank you so much in advance", "thank you in advance",
        "thanks a lot in advance", "thanks in advance", "thank you very much for your help",
        "thank you for your help", "thank you for your time", "thanks for your help", "thank you very much",
        "thank you so much", "thank you", "thanks a lot", "thanks so much", "many thanks", "thanks", "thx", "cheers",
        "much appreciated", "i appreciate your help", "i appreciate it", "please take your time", "take your time",
        "please", "pls", "best regards", "kind regards",
    ]
    /// Least words that are left of a request; "Thanks!" is a message and no courtesy.
    private static let leastWords = 2
    /// Most phrases that are removed of a text, and greetings in a row: more are no courtesy.
    private static let mostPhrases = 12
    private static let mostGreetings = 3

    /// The first and the last words of phrases, as their first and last four bytes.
    private static let firstBytes = Set((greetings + openings + questions).map { key($0.utf8.prefix(4)) })
    private static let lastBytes = Set(endings.map { key($0.utf8.suffix(4)) })
    private static let shortOpenings = Set((greetings + openings).filter { $0.utf8.count < 4 }.map { key($0.utf8) })
    private static let shortEndings = Set(endings.filter { $0.utf8.count < 4 }.map { key($0.utf8) })

    private static func key(_ bytes: some Sequence<UInt8>) -> UInt32 {
        bytes.reduce(0) { $0 << 8 | UInt32(ByteKind.folded($1)) }
    }

    /// Whether the bytes at an end may be a phrase; true for anything else than plain ASCII there.
    private static func mayHavePhrase(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            func isMark(_ byte: UInt8) -> Bool { byte <= 0x20 || byte >= 0x80 || ",.!:;-?".utf8.contains(byte) }
            guard let start = bytes.firstIndex(where: { !isMark($0) }),
                let end = bytes.lastIndex(where: { !isMark($0) })
            else { return false }
            let head = bytes[start...min(start + 3, end)]
            let tail = bytes[max(end - 3, start)...end]
            if bytes[..<start].contains(where: { $0 >= 0x80 }) || bytes[end...].contains(where: { $0 >= 0x80 }) {
                return true
            }
            return firstBytes.contains(key(head)) || lastBytes.contains(key(tail))
                || shortOpenings.contains { short in (2...3).contains { key(head.prefix($0)) == short } }
                || shortEndings.contains { short in (2...3).contains { key(tail.suffix($0)) == short } }
        }
    }

    /// A text without the courtesy at its ends.
    static func removed(from text: String) -> String {
        guard mayHavePhrase(text) else { return text }
        var rest = text[...]
        var removed = 0
        while removed < mostPhrases, let shorter = withoutOpening(rest) ?? withoutEnding(rest) {
            rest = shorter
            removed += 1
        }
        guard removed > 0, rest.split(maxSplits: leastWords, whereSeparator: \.isWhitespace).count >= leastWords else {
            return text
        }
        return rest.prefix(1).uppercased() + rest.dropFirst()
    }

    private static func isMark(_ character: Character) -> Bool {
        character.isWhitespace || ",.!:;-".contains(character)
    }

    /// - Parameter greetings: how many greetings may still follow each other.
    private static func withoutOpening(_ text: Substring, greetings left: Int = mostGreetings) -> Substring? {
        let start = text.drop(while: isMark)
        let head = start.prefix(80).lowercased()
        for phrase in greetings where left > 0 && head.hasPrefix(phrase) {
            guard let rest = after(phrase, start) else { continue }
            let isMarked = start.dropFirst(phrase.count).first.map { isMark($0) && $0 != " " } ?? false
            if isMarked || withoutOpening(rest, greetings: left - 1) != nil { return rest }
        }
        for phrase in openings where head.hasPrefix(phrase) {
            guard let rest = after(phrase, start) else { continue }
            return rest
        }
        for phrase in questions where head.hasPrefix(phrase) {
            guard let rest = after(phrase, start) else { continue }
            let verb = rest.prefix { $0.isLetter }.lowercased()
            if verbs.contains(verb) { return rest }
        }
        return nil
    }

    /// What follows a phrase as whole words. A question mark belongs to "can you help me with this?".
    private static func after(_ phrase: String, _ text: Substring) -> Substring? {
        let rest = text.dropFirst(phrase.count)
        guard let next = rest.first, !next.isLetter, !next.isNumber, next != "'" else { return nil }
        let content = rest.drop { isMark($0) || $0 == "?" }
        return content.isEmpty ? nil : content
    }

    private static func withoutEnding(_ text: Substring) -> Substring? {
        var end = text
        while let last = end.last, isMark(last) || last == "?" { end.removeLast() }
        let tail = end.suffix(60).lowercased()
        for phrase in endings where tail.hasSuffix(phrase) {
            let rest = end.dropLast(phrase.count)
            guard let last = rest.last, isMark(last) || last == "?" || last == ")" else { continue }
            var content = rest
            while let last = content.last, last.isWhitespace || last == "," || last == "-" { content.removeLast() }
            return content.isEmpty ? nil : content
        }
        return nil
    }
}

extension StepText {
    /// The step without courtesy at the ends of its prompt.
    var withoutCourtesy: StepText {
        var text = self
        text.prompt = Courtesy.removed(from: prompt)
        return text
    }
}
