import Domain
import JSON

/// Parses a decomposer's answer: a JSON list of strings, or lines with numbers or dashes.
package enum SubtaskList {
    /// The decomposer's prompt for a step's text. `likely` is the predicted answer of the reference.
    package static func prompt(for task: String, most: Int, likely: String? = nil) -> String {
        """
        Split the task below into two to \(most) smaller tasks that can be done one after another, each by itself. \
        Answer with a JSON list of strings and nothing else. If it cannot be split, answer [].

        Task: \(task)\(likely.map { "\n\nA likely result: \($0)" } ?? "")
        """
    }

    /// The parts in order; empty if the answer contains no list.
    package static func parts(of answer: String) -> [String] {
        json(answer) ?? lines(answer)
    }

    private static func json(_ answer: String) -> [String]? {
        let bytes = Array(answer.utf8)
        guard let start = bytes.firstIndex(of: UInt8(ascii: "[")), let end = bytes.lastIndex(of: UInt8(ascii: "]")),
            start < end, let document = try? JSONDocument(Array(bytes[start...end])), document.root.kind == .array
        else { return nil }
        var parts: [String] = []
        for element in document.root.elements {
            guard let text = element.string else { return nil }
            parts.append(trimmed(text[...]))
        }
        return parts
    }

    private static func lines(_ answer: String) -> [String] {
        answer.split(whereSeparator: \.isNewline).compactMap { line in
            let line = line.drop { $0.isWhitespace }
            if let first = line.first, "-*•".contains(first) { return trimmed(line.dropFirst()) }
            let digits = line.prefix { $0.isNumber }
            guard !digits.isEmpty, digits.count < 4, let mark = line.dropFirst(digits.count).first, ".):".contains(mark)
            else { return nil }
            return trimmed(line.dropFirst(digits.count + 1))
        }
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text.drop { $0.isWhitespace }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}
