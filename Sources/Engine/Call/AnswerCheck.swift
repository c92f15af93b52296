import Core
package import Upstream

/// What can be seen to be wrong with an answer without knowing the right one.
package enum AnswerCheck {
    /// The fault in words; nil where none is seen.
    package static func problem(with answer: ChatAnswer) -> String? {
        if answer.refusal != nil { return "it refused" }
        if answer.finishReason == .contentFilter { return "the provider withheld the answer" }
        for call in answer.toolCalls where (try? JSONDocument(Array(call.arguments.utf8))) == nil {
            return "the arguments of its call of \(call.name) are not JSON"
        }
        if answer.toolCalls.isEmpty, answer.text.allSatisfy(\.isWhitespace) { return "the answer is empty" }
        if answer.finishReason == .length { return "the answer was cut off at its limit of tokens" }
        return nil
    }
}
