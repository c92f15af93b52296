package import Domain
import JSON

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
