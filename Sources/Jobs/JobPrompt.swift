import Dialects
import Domain
import JSON
import Upstream

/// Builds the messages of a job as JSON in OpenAI's format.
enum JobPrompt {
    /// First messages of a chain.
    static func opening(of spec: JobSpec) -> [[UInt8]] {
        system(spec) + [message("user", spec.input)]
    }

    /// First messages of a subtask, the results of its dependencies first.
    static func opening(of subtask: Subtask, results: [(id: String, text: String)], spec: JobSpec) -> [[UInt8]] {
        var text = ""
        if !spec.input.isEmpty { text += "Overall request: \(spec.input)\n\n" }
        for result in results { text += "Result of \(result.id):\n\(result.text)\n\n" }
        return system(spec) + [message("user", text + subtask.prompt)]
    }

    /// An assistant message with its tool calls.
    static func assistant(_ answer: StepAnswer) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { object in
            object.member("role", "assistant")
            object.member("content", answer.text)
            guard !answer.toolCalls.isEmpty else { return }
            object.member(
                "tool_calls",
                array: { list in
                    for call in answer.toolCalls {
                        list.object { object in
                            object.member("id", call.id)
                            object.member("type", "function")
                            object.member(
                                "function",
                                object: { function in
                                    function.member("name", call.name)
                                    function.member("arguments", call.arguments)
                                })
                        }
                    }
                })
        }
        return writer.bytes
    }

    /// A tool message.
    static func toolResult(_ call: ToolCall, output: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { object in
            object.member("role", "tool")
            object.member("tool_call_id", call.id)
            object.member("content", output)
        }
        return writer.bytes
    }

    private static func system(_ spec: JobSpec) -> [[UInt8]] {
        spec.agent.instructions.isEmpty ? [] : [message("system", spec.agent.instructions)]
    }

    private static func message(_ role: String, _ content: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { object in
            object.member("role", role)
            object.member("content", content)
        }
        return writer.bytes
    }
}
