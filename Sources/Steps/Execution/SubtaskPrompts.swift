import Dialects
import Domain
import JSON

/// Builds prompts and request bodies for the subtasks of a step.
enum SubtaskPrompts {
    /// The prompt of one subtask, with the results of the earlier ones.
    static func prompt(_ part: String, results: [(part: String, answer: String)], isLast: Bool) -> String {
        var text = ""
        for (index, result) in results.enumerated() {
            text += "Part \(index + 1), done: \(result.part)\nIts result: \(result.answer)\n\n"
        }
        guard isLast else { return text + "Do only this part of the task now, and give its result: \(part)" }
        return text + "Do the last part: \(part)\nThen give the complete answer to the whole task."
    }

    /// The caller's request with an additional user message.
    ///
    /// - Parameters:
    ///   - alone: omits the conversation so far.
    ///   - offersTools: keeps the tools; their calls belong to the step's own answer.
    ///   - most: limit of output tokens; nil keeps the caller's.
    static func body(
        _ request: ChatRequest, adding prompt: String, alone: Bool, offersTools: Bool, most: Int?
    ) -> [UInt8] {
        var writer = JSONWriter()
        writer.array { list in
            if !alone { for message in request.messages { list.element(raw: message.value.raw) } }
            list.object { object in
                object.member("role", "user")
                object.member("content", prompt)
            }
        }
        var removed = ["stream", "stream_options"]
        if !offersTools { removed += ["tools", "tool_choice", "response_format"] }
        var members = [(key: "messages", value: writer.bytes)]
        if let most {
            members.append(("max_tokens", Array(String(most).utf8)))
            removed.append("max_completion_tokens")
        }
        return request.document.settingMembers(members, removing: removed)
    }
}
