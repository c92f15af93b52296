package import Domain
import JSON

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Features of how an answer relates to its request: words, numbers and names it keeps, omits or adds.
///
/// Answers that add numbers and names to a given text, or omit the subject of the question, are rarely right. Features
/// of this kind detect summaries that their source does not support (Maynez et al., ACL 2020).
package struct Grounding: Sendable {
    /// Length of the feature vector.
    static let count = 16

    private let request: Words
    /// Words of the request's last line, which usually holds the question.
    private let asked: Set<UInt64>
    /// Numbers in the observations since the request.
    private let found: Set<UInt64>

    package init(of text: StepText) {
        let text = text.abridged
        var request = Words(text.prompt)
        let last = text.prompt.split(separator: "\n").last { $0.contains { !$0.isWhitespace } } ?? ""
        asked = Words(String(last)).content
        let history = Words(text.history)
        found = history.numbers
        request.content.formUnion(history.content)
        request.numbers.formUnion(history.numbers)
        self.request = request
    }

    func vector(_ output: String) -> [Float] {
        let answer = Words(output)
        func amount(_ count: Int) -> Float { log1p(Float(count)) }
        let shared = answer.content.intersection(request.content).count
        let given = answer.content.intersection(request.content)
        return [
            Float(shared) / Float(answer.content.count + 1), Float(shared) / Float(request.content.count + 1),
            amount(answer.numbers.subtracting(request.numbers).count),
            amount(answer.numbers.intersection(request.numbers).count),
            amount(request.numbers.subtracting(answer.numbers).count),
            amount(answer.names.subtracting(request.names).count),
            amount(answer.names.intersection(request.names).count),
            amount(request.names.subtracting(answer.names).count),
            amount(found.subtracting(answer.numbers).count), amount(found.intersection(answer.numbers).count),
            amount(answer.count), Float(answer.distinct) / Float(answer.count + 1),
            Float(asked.intersection(answer.content).count) / Float(asked.count + 1),
            Float(given.subtracting(asked).count) / Float(answer.content.count + 1),
            answer.numbers.isEmpty ? 0 : 1, found.isEmpty ? 0 : 1,
        ]
    }

    /// The hashed words of a text, lower case.
    private struct Words {
        /// Content words: all but the most common ones.
        var content: Set<UInt64> = []
        /// Words that consist of digits.
        var numbers: Set<UInt64> = []
        /// Capitalised words, without the first word.
        var names: Set<UInt64> = []
        var count = 0
        var distinct = 0

        init(_ text: String) {
            var all: Set<UInt64> = []
            var text = text
            text.withUTF8 { bytes in
                var index = 0
                while index < bytes.count {
                    guard ByteKind.of(bytes[index]) == .letter else {
                        index += 1
                        continue
                    }
                    var hash = WordHash()
                    var isNumber = true
                    let isCapital = bytes[index] >= 0x41 && bytes[index] <= 0x5a
                    while index < bytes.count, ByteKind.of(bytes[index]) == .letter {
                        hash.add(bytes[index])
                        if bytes[index] < 0x30 || bytes[index] > 0x39 { isNumber = false }
                        index += 1
                    }
                    all.insert(hash.value)
                    if isNumber { numbers.insert(hash.value) }
                    if isCapital, count > 0 { names.insert(hash.value) }
                    if !Grounding.common.contains(hash.value) { content.insert(hash.value) }
                    count += 1
                }
            }
            distinct = all.count
        }
    }

    private static let common: Set<UInt64> = Set(
        """
        the a an of to in is are was and or for what which how who where on it that this with by from be as at do does \
        did many much i you your my me please one write answer question short sentence
        """.split(separator: " ").map { WordHash.of(String($0)) })
}

/// Validates tool calls that are written as JSON against the schemas of the tools.
enum CallCheck {
    /// The first problem of the calls in an answer. Nil without a problem, or without a call in JSON.
    /// - Parameter tools: the text of the tool list.
    static func problem(in output: String, tools: String?) -> String? {
        guard let tools, let list = try? JSONDocument(Array(tools.utf8)).root,
            let answer = try? JSONDocument(Array(output.utf8)).root
        else { return nil }
        let schemas = ToolSchemas(list)
        let calls = answer["tool_calls"] ?? answer
        for call in calls.kind == .array ? Array(calls.elements) : [calls] {
            let function = call["function"] ?? call
            guard let name = function["name"]?.string, let arguments = function["arguments"] else { continue }
            let text = arguments.string ?? String(decoding: arguments.raw, as: UTF8.self)
            if let problem = schemas.problem(callOf: name, arguments: text) { return problem }
        }
        return nil
    }
}
