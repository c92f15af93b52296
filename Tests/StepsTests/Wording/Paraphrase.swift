import Domain

/// Rewordings of a request by rule, for tests: the question stays, its surface changes.
///
/// The rules and their words are not those that training uses.
enum Paraphrase: String, CaseIterable {
    case synonyms, slips, lowerCase, withoutMarks, courtesy, numbersInWords, opening, order, spaces, passive

    /// The request in other words; nil where the rule finds nothing to change.
    func applied(to request: String, using random: inout SeededGenerator) -> String? {
        let reworded: String
        switch self {
        case .synonyms: reworded = Self.replacingWords(request, Self.otherWords)
        case .slips: reworded = Self.withSlips(request, &random)
        case .lowerCase: reworded = request.lowercased()
        case .withoutMarks:
            reworded = String(request.filter { !".,?!".contains($0) || $0 == "." && request.contains("\n") })
        case .courtesy: reworded = "Kindly help me out: \(request) I appreciate it."
        case .numbersInWords: reworded = Self.replacingWords(request, Self.numerals)
        case .opening: reworded = Self.withOpening(request)
        case .order: reworded = Self.lastSentenceFirst(request)
        case .spaces: reworded = request.split(separator: " ").joined(separator: "  ") + "\n"
        case .passive: reworded = Self.pairs.reduce(request) { $0.replacing($1.0, with: $1.1) }
        }
        return reworded == request ? nil : reworded
    }

    private static let otherWords = [
        "find": "look for", "give": "provide", "write": "compose", "explain": "outline", "calculate": "figure out",
        "following": "below", "choose": "select", "which": "what", "because": "given that", "total": "overall",
        "buys": "purchases", "each": "every", "begins": "commences", "help": "assist", "use": "employ",
        "make": "create", "kids": "children", "quickly": "rapidly", "list": "enumerate", "car": "automobile",
        "often": "frequently", "hard": "tough", "small": "little", "several": "a few", "company": "firm",
        "house": "home", "summarize": "sum up", "compare": "contrast", "short": "concise", "needs": "requires",
    ]
    private static let numerals = [
        "1": "one", "2": "two", "3": "three", "4": "four", "5": "five", "6": "six", "7": "seven", "8": "eight",
        "9": "nine", "10": "ten", "12": "twelve", "20": "twenty", "100": "a hundred",
    ]
    private static let pairs = [
        ("Who wrote", "By whom was written"), ("Explain how", "Let it be explained how"),
        ("Write a", "I want a written"), ("we noticed", "it was noticed by us"),
        ("Our team built", "Built by our team is"),
        ("Please review", "To be reviewed:"), ("Summarise this", "This is to be summarised"),
        ("Translate", "To be translated:"), ("I need", "Needed is"), ("Fix", "To be fixed:"),
    ]

    private static func replacingWords(_ text: String, _ others: [String: String]) -> String {
        var result = ""
        var word = ""
        func flush() {
            if let other = others[word.lowercased()] {
                result += word.first?.isUppercase == true ? other.prefix(1).uppercased() + other.dropFirst() : other
            } else {
                result += word
            }
            word = ""
        }
        for character in text {
            if character.isLetter || character.isNumber {
                word.append(character)
            } else {
                flush()
                result.append(character)
            }
        }
        flush()
        return result
    }

    /// One slip in sixty letters: two of them swapped, or one left out.
    private static func withSlips(_ text: String, _ random: inout SeededGenerator) -> String {
        var letters = Array(text)
        for _ in 0..<max(1, letters.count / 60) where letters.count > 2 {
            let place = Int(random.next() % UInt64(letters.count - 1))
            guard letters[place].isLetter, letters[place + 1].isLetter else { continue }
            if random.next() & 1 == 0 { letters.swapAt(place, place + 1) } else { letters.remove(at: place) }
        }
        return String(letters)
    }

    private static func withOpening(_ text: String) -> String {
        guard let first = text.first, first.isLetter else { return "My request: \(text)" }
        return "I would like you to do this: " + first.lowercased() + text.dropFirst()
    }

    private static func lastSentenceFirst(_ text: String) -> String {
        let parts = text.split(separator: ". ", omittingEmptySubsequences: true)
        guard parts.count > 1, !text.contains("\n"), let last = parts.last else { return text }
        let ended = ".?!".contains(last.last ?? "x") ? String(last) : last + "."
        return ended + " " + parts.dropLast().joined(separator: ". ") + "."
    }
}
