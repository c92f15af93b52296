import Dialects
import Domain
import JSON

/// The words and bodies of calls for the parts of a step.
enum SubtaskPrompts {
    /// What a model is told to do of a step: one part, with what the earlier ones gave.
    static func prompt(_ part: String, results: [(part: String, answer: String)], isLast: Bool) -> String {
        var text = ""
        for (index, result) in results.enumerated() {
            text += "Part \(index + 1), done: \(result.part)\nIts result: \(result.answer)\n\n"
        }
        guard isLast else { return text + "Do only this part of the task now, and give its result: \(part)" }
        return text + "Do the last part: \(part)\nThen give the complete answer to the whole task."
    }

    /// The caller's request with one more message of the user.
    ///
    /// - Parameters:
    ///   - alone: leaves the conversation so far out.
    ///   - offersTools: keeps the tools; calls of tools belong to the step's own answer.
    ///   - most: limit of the answer in tokens; nil for the caller's own.
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
