import Domain
import Estimation
import Foundation
package import JSON

/// Removes the wrapping of an answer: fences, quotes, emphasis, "The answer is".
package enum AnswerUnwrapping {
    /// The acceptable readings of the final answer (see `FinalAnswer`): whole, and the text behind its last colon or
    /// "is".
    ///
    /// Each is without quotes, emphasis and a full stop.
    package static func readings(of answer: String) -> Set<String> {
        let part = FinalAnswer.part(of: withoutFences(answer))
        var readings: Set<String> = [plain(part)]
        for mark in [": ", " is ", "\n"] {
            guard let found = part.range(of: mark, options: .backwards) else { continue }
            readings.insert(plain(String(part[found.upperBound...])))
        }
        readings.remove("")
        return readings
    }

    /// A text with single blanks, without punctuation and quotes at its ends.
    package static func plain(_ text: String) -> String {
        var text = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        let marks: Set<Character> = ["\"", "'", "`", "*", "_", "“", "”"]
        while true {
            let before = text
            if let last = text.last, marks.contains(last) || last == ".", text.count > 1 { text.removeLast() }
            if let first = text.first, marks.contains(first), text.count > 1 { text.removeFirst() }
            if text == before { break }
        }
        return text
    }

    /// The answer as JSON: the whole of it, or its only fenced block.
    package static func json(in answer: String) -> JSONDocument? {
        if let document = try? JSONDocument(Array(answer.utf8)) { return document }
        guard let block = fencedBlocks(answer).first, fencedBlocks(answer).count == 1 else { return nil }
        return try? JSONDocument(Array(block.utf8))
    }

    /// The contents of the fenced blocks of an answer.
    package static func fencedBlocks(_ answer: String) -> [String] {
        var blocks: [String] = []
        var open: [Substring]?
        for line in answer.split(separator: "\n", omittingEmptySubsequences: false) {
            let isFence = line.drop { $0 == " " }.hasPrefix("```")
            switch (open, isFence) {
            case (nil, true): open = []
            case (let lines?, true):
                blocks.append(lines.joined(separator: "\n"))
                open = nil
            case (let lines?, false): open = lines + [line]
            case (nil, false): break
            }
        }
        // A truncated answer has no closing fence.
        if let open { blocks.append(open.joined(separator: "\n")) }
        return blocks
    }

    private static func withoutFences(_ answer: String) -> String {
        guard answer.contains("```") else { return answer }
        return answer.split(separator: "\n", omittingEmptySubsequences: false)
            .filter { !$0.drop { $0 == " " }.hasPrefix("```") }.joined(separator: "\n")
    }
}

/// A tool call that a model wrote as text instead of a structured call.
enum WrittenCall {
    /// The first object with `name` and `arguments` (or `parameters`) in a text.
    static func find(in answer: String) -> (name: String, arguments: String)? {
        let bytes = Array(answer.utf8)
        for start in bytes.indices where bytes[start] == UInt8(ascii: "{") {
            guard let end = end(of: bytes, from: start), let document = try? JSONDocument(Array(bytes[start...end]))
            else { continue }
            let body = document.root["function"] ?? document.root
            guard let name = body["name"]?.string, let arguments = body["arguments"] ?? body["parameters"] else {
                continue
            }
            return (name, arguments.string ?? String(decoding: arguments.raw, as: UTF8.self))
        }
        return nil
    }

    /// The end of the object that starts at a brace.
    private static func end(of bytes: [UInt8], from start: Int) -> Int? {
        var depth = 0
        var inString = false
        var index = start
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\\") where inString: index += 1
            case UInt8(ascii: "\""): inString.toggle()
            case UInt8(ascii: "{") where !inString: depth += 1
            case UInt8(ascii: "}") where !inString:
                depth -= 1
                if depth == 0 { return index }
            default: break
            }
            index += 1
        }
        return nil
    }
}
