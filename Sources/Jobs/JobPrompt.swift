import Dialects
import Domain
import JSON
import Upstream

/// The messages of a job's conversations, as JSON text in OpenAI's format.
enum JobPrompt {
    /// How a chain begins.
    static func opening(of spec: JobSpec) -> [[UInt8]] {
        system(spec) + [message("user", spec.input)]
    }

    /// How a subtask begins: what it depends on comes first.
    static func opening(of subtask: Subtask, results: [(id: String, text: String)], spec: JobSpec) -> [[UInt8]] {
        var text = ""
        if !spec.input.isEmpty { text += "Overall request: \(spec.input)\n\n" }
        for result in results { text += "Result of \(result.id):\n\(result.text)\n\n" }
        return system(spec) + [message("user", text + subtask.prompt)]
    }

    /// What the model said, tool calls included.
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

    /// What a tool answered.
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
