package import Dialects
import Domain
package import JSON

/// An event of a job.
package enum JobSignal: Sendable {
    /// Claimed, for the first time or after a restart.
    case claimed
    /// The thread's model has answered.
    case answered(thread: String, StepAnswer)
    /// No model could do the thread's step.
    case stepFailed(thread: String, reason: String)
    /// The client has sent outputs of function calls.
    case toolOutputs([ToolOutput])
    /// The result of a call of an `http` tool, or its error.
    case fetched(thread: String, ToolOutput)
    case cancelled
}

/// The answer of a model in a step.
package struct StepAnswer: Hashable, Sendable {
    package var text: String
    package var toolCalls: [ToolCall]
    /// What the provider wants back in the next step, such as the model's reasoning; nil where there is nothing.
    package var seal: String?

    package init(text: String, toolCalls: [ToolCall] = [], seal: String? = nil) {
        self.text = text
        self.toolCalls = toolCalls
        self.seal = seal
    }
}

/// Output of a function that the client ran.
package struct ToolOutput: Hashable, Sendable {
    package var callID: String
    package var output: String

    package init(callID: String, output: String) {
        self.callID = callID
        self.output = output
    }
}

/// An action for the runner.
package enum JobAction: Hashable, Sendable {
    /// Route and call a model for the thread's next step.
    case call(thread: String)
    /// Call a tool of type `http`.
    case fetch(thread: String, ToolCall)
    /// A tool has returned its result; to be logged as an event.
    case ranTool(thread: String, ToolCall, result: String)
    /// Pause until the client sends these outputs.
    case requireOutputs([ToolCall])
    /// End the job with the state's status.
    case finish
}

extension ToolOutput {
    /// Reads `{"tool_outputs": [{"tool_call_id": "...", "output": "..."}]}`.
    package static func list(_ json: JSONValue) throws(FieldError) -> [ToolOutput] {
        let fields = try FieldReader(json, path: "", known: ["tool_outputs"])
        guard let list = fields.value("tool_outputs"), list.kind == .array, list.count > 0 else {
            throw FieldError("tool_outputs", "is missing: give a list of {\"tool_call_id\": ..., \"output\": ...}")
        }
        var outputs: [ToolOutput] = []
        for (index, element) in list.elements.enumerated() {
            let path = "tool_outputs[\(index)]"
            let fields = try FieldReader(element, path: path, known: ["tool_call_id", "output"])
            guard let id = try fields.string("tool_call_id") else {
                throw FieldError("\(path).tool_call_id", "is missing")
            }
            guard let value = fields.value("output") else { throw FieldError("\(path).output", "is missing") }
            // Other JSON values are passed to the model as JSON text.
            outputs.append(
                ToolOutput(callID: id, output: value.string ?? String(decoding: value.raw, as: UTF8.self)))
        }
        return outputs
    }
}
