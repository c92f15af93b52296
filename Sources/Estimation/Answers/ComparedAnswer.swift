/// An answer in the form in which the answers of several models are compared.
///
/// A final answer is compared as it is written: order, signs and punctuation count, since `[1, 2]` is not `[2, 1]`.
/// Blanks, quotation marks around it, markup of formulas and the case of a lone word do not count. Tool calls are
/// compared as bags of words (`FinalAnswer`), because their dialects order arguments differently.
package struct ComparedAnswer: Hashable, Sendable {
    /// What kind of answer it is. Answers of different kinds are not the same answer.
    package enum Form: Hashable, Sendable {
        /// A letter, yes, no, true or false.
        case choice
        /// A marked final answer, or a short one as a whole.
        case value
        /// Tool calls.
        case call
        /// Longer text without a marked final answer, which is no answer to compare.
        case text
    }

    /// Its kind.
    package let form: Form
    /// Equal for equal answers.
    private let key: String

    /// Bytes up to which an answer without a mark is compared as a whole.
    private static let mostShort = 120

    /// - Parameter offersTools: whether the request offered tools.
    package init(_ output: String, offersTools: Bool = false) {
        if offersTools {
            // Calls stand on the last line, behind what was said with them.
            let calls = output.split(separator: "\n").last.map(String.init) ?? ""
            let answer = FinalAnswer(calls.hasPrefix("[{\"name\"") ? calls : output, offersTools: true)
            if answer.isCall {
                form = .call
                key = String(answer.key)
                return
            }
        }
        let (part, isMarked) = FinalAnswer.markedPart(of: output)
        let written = isMarked || output.utf8.count <= Self.mostShort ? Self.normalized(part) : ""
        guard !written.isEmpty else {
            (form, key) = (.text, "")
            return
        }
        key = written
        if written.utf8.count == 1 && written.first?.isLetter == true || Self.choices.contains(written) {
            form = .choice
        } else {
            // Several words without a mark are a sentence.
            form = isMarked || part.split(separator: " ").count <= Self.mostWords ? .value : .text
        }
    }

    /// Words of a short answer that is a value and no sentence.
    private static let mostWords = 3

    /// Whether both are the same answer; nil where they cannot be compared.
    package func agrees(with other: ComparedAnswer) -> Bool? {
        if form == .text || other.form == .text { return form == .call || other.form == .call ? false : nil }
        return form == other.form && key == other.key
    }

    private static let choices: Set<String> = ["yes", "no", "true", "false"]

    /// Markup of formulas that changes no value.
    private static let markup = [
        "\\left", "\\right", "\\displaystyle", "\\mathrm", "\\text", "\\mbox", "\\,", "\\;", "\\!", "$",
    ]

    private static func normalized(_ part: String) -> String {
        var text = trimmed(hasMarkup(part) ? withoutMarkup(part) : part)
        if isNumber(text) { text = number(text) }
        if text.allSatisfy({ $0.isLetter }) { return text.lowercased() }
        return String(String.UnicodeScalarView(text.unicodeScalars.filter { !$0.properties.isWhitespace }))
    }

    /// Whether there is anything for `withoutMarkup`, which is dear: most answers have no formulas.
    private static func hasMarkup(_ part: String) -> Bool {
        part.utf8.contains { $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: "$") || $0 == UInt8(ascii: "\"") }
    }

    private static func withoutMarkup(_ part: String) -> String {
        var text = part.replacing("dfrac", with: "frac").replacing("tfrac", with: "frac")
            .replacing("\\\"", with: "'").replacing("\"", with: "'")
        for mark in markup { text = text.replacing(mark, with: "") }
        return text
    }

    /// Without blanks, full stops and marks of quotation or code at either end.
    private static func trimmed(_ text: String) -> String {
        var text = Substring(text)
        while let first = text.first, first.isWhitespace || first == "`" || first == "'" { text = text.dropFirst() }
        while let last = text.last, last.isWhitespace || last == "`" || last == "'" || last == "." {
            text = text.dropLast()
        }
        return String(text)
    }

    private static func isNumber(_ text: String) -> Bool {
        func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
        return text.utf8.contains(where: isDigit) && text.utf8.allSatisfy { isDigit($0) || "-+.,".utf8.contains($0) }
    }

    /// Without commas between thousands and zeros behind the point.
    private static func number(_ text: String) -> String {
        let groups = text.split(separator: ",", omittingEmptySubsequences: false)
        let whole = groups.dropFirst().allSatisfy { $0.prefix { $0 != "." }.count == 3 }
        var number = whole ? groups.joined() : text
        guard number.contains(".") else { return number }
        while number.last == "0" { number.removeLast() }
        if number.last == "." { number.removeLast() }
        return number
    }
}
