package import Dialects
import Domain
package import JSON
import Upstream

/// Finds faults in the form of an answer.
package struct AnswerCheck: Sendable {
    private let tools: ToolSchemas?
    private let acceptsWrittenCalls: Bool

    /// - Parameters:
    ///   - tools: the `tools` of the request; nil if it offers none.
    ///   - acceptsWrittenCalls: whether tool calls that the model wrote as text are executed, as in jobs.
    package init(tools: JSONValue?, acceptsWrittenCalls: Bool = false) {
        self.tools = tools.map { ToolSchemas($0) }
        self.acceptsWrittenCalls = acceptsWrittenCalls
    }

    /// The fault; nil for none.
    package func problem(with answer: ChatAnswer) -> String? {
        if answer.refusal != nil { return "it refused" }
        if answer.finishReason == .contentFilter { return "the provider withheld the answer" }
        if let problem = toolProblem(with: answer) { return problem }
        if answer.toolCalls.isEmpty, answer.text.allSatisfy(\.isWhitespace) { return "the answer is empty" }
        if answer.finishReason == .length { return "the answer was cut off at its limit of tokens" }
        return nil
    }

    /// The fault of the first tool call that does not fit its schema; nil if all fit.
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
    /// The answer as text for the estimators: its text, followed by its tool calls as a JSON list.
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
