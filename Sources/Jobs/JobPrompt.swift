import Dialects
package import Domain
import JSON
import Upstream

/// Builds the messages of a job as JSON in OpenAI's format.
enum JobPrompt {
    /// First messages of a chain.
    static func opening(of spec: JobSpec) -> [[UInt8]] {
        system(spec) + [message("user", spec.input, sources: spec.sources)]
    }

    /// First messages of a subtask, the results of its dependencies first.
    static func opening(of subtask: Subtask, results: [(id: String, text: String)], spec: JobSpec) -> [[UInt8]] {
        var text = ""
        if !spec.input.isEmpty { text += "Overall request: \(spec.input)\n\n" }
        for result in results { text += "Result of \(result.id):\n\(result.text)\n\n" }
        return system(spec) + [message("user", text + subtask.prompt, sources: spec.sources)]
    }

    /// An assistant message with its tool calls.
    static func assistant(_ answer: StepAnswer) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { object in
            object.member("role", "assistant")
            object.member("content", answer.text)
            if let seal = answer.seal { object.member(ChatRequest.keptMember, seal) }
            guard !answer.toolCalls.isEmpty else { return }
            object.member(
                "tool_calls",
                array: { list in
                    for call in answer.toolCalls { list.object { OpenAITools.write(call, to: &$0) } }
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

    /// - Parameter sources: content parts after the text, marked for routing.
    private static func message(_ role: String, _ content: String, sources: [JobSource] = []) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { object in
            object.member("role", role)
            guard !sources.isEmpty else { return object.member("content", content) }
            object.member(
                "content",
                array: { list in
                    list.object { part in
                        part.member("type", "text")
                        part.member("text", content)
                    }
                    for source in sources { source.writePart(into: &list) }
                })
        }
        return writer.bytes
    }
}

/// Builds the chat request of a job's next step.
package enum JobBody {
    /// - Parameters:
    ///   - messages: the conversation so far.
    ///   - tools: the tools offered in this step.
    package static func chat(messages: [[UInt8]], tools: [Tool]) -> [UInt8] {
        var writer = JSONWriter(capacity: messages.reduce(256) { $0 + $1.count })
        writer.object { object in
            object.member("model", "hera")
            object.member("messages", array: { list in for message in messages { list.element(raw: message) } })
            guard !tools.isEmpty else { return }
            object.member("tools", array: { list in for tool in tools { write(tool, into: &list) } })
        }
        return writer.bytes
    }

    private static func write(_ tool: Tool, into list: inout JSONWriter) {
        switch tool {
        case .calculator: list.element(raw: Calculator.schema.utf8)
        case .function(let name, let description, let parameters), .http(let name, let description, let parameters, _):
            list.object { object in
                object.member("type", "function")
                object.member(
                    "function",
                    object: { function in
                        function.member("name", name)
                        function.member("description", description)
                        function.member("parameters", raw: parameters)
                    })
            }
        }
    }
}
