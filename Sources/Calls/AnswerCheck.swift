package import Dialects
import Domain
package import JSON
import Upstream

/// What can be seen to be wrong with an answer without knowing the right one.
package struct AnswerCheck: Sendable {
    private let tools: ToolSchemas?
    private let acceptsWrittenCalls: Bool

    /// - Parameters:
    ///   - tools: the `tools` of the request; nil where it offers none.
    ///   - takesWrittenCalls: whether calls of tools that the model wrote as text will be carried out, as in jobs.
    package init(tools: JSONValue?, acceptsWrittenCalls: Bool = false) {
        self.tools = tools.map { ToolSchemas($0) }
        self.acceptsWrittenCalls = acceptsWrittenCalls
    }

    /// The fault in words; nil where none is seen.
    package func problem(with answer: ChatAnswer) -> String? {
        if answer.refusal != nil { return "it refused" }
        if answer.finishReason == .contentFilter { return "the provider withheld the answer" }
        if let problem = toolProblem(with: answer) { return problem }
        if answer.toolCalls.isEmpty, answer.text.allSatisfy(\.isWhitespace) { return "the answer is empty" }
        if answer.finishReason == .length { return "the answer was cut off at its limit of tokens" }
        return nil
    }

    /// The fault of the first call of a tool that does not fit the tool's schema; nil where all fit.
    package func toolProblem(with answer: ChatAnswer) -> String? {
        for call in calls(in: answer) {
            if let tools {
                if let problem = tools.problem(callOf: call.name, arguments: call.arguments) { return problem }
            } else if (try? JSONDocument(Array(call.arguments.utf8))) == nil {
                return "the arguments of its call of \(call.name) are not JSON"
            }
        }
        return nil
    }

    private func calls(in answer: ChatAnswer) -> [ToolCall] {
        guard answer.toolCalls.isEmpty, acceptsWrittenCalls, let tools else { return answer.toolCalls }
        return WrittenToolCall.calls(in: answer.text, offered: tools.names, idPrefix: "")
    }
}

extension ChatAnswer {
    /// The answer as the estimators of answers read it: its text, or its calls of tools as a JSON list.
    package var output: String {
        guard !toolCalls.isEmpty else { return text }
        var writer = JSONWriter()
        writer.array { list in
            for call in toolCalls {
                list.object { object in
                    object.member("name", call.name)
                    object.member("arguments", call.arguments)
                }
            }
        }
        return (text.isEmpty ? "" : text + "\n") + String(decoding: writer.bytes, as: UTF8.self)
    }
}
