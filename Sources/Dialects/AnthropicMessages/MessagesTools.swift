import Domain
import JSON

/// Tools and the choice among them in Anthropic's format, to be written in OpenAI's.
struct MessagesTools {
    private struct Tool {
        let name: JSONValue
        let description: JSONValue?
        let schema: JSONValue
        let strict: Bool?
    }

    private var tools: [Tool] = []
    /// `tool_choice` as JSON text; nil where the caller leaves it to the server.
    private var choice: [UInt8]?
    private var isOneAtATime = false

    init(tools list: JSONValue?, choice: JSONValue?) throws(FieldError) {
        if let list, !list.isNull {
            guard list.kind == .array else { throw FieldError("tools", "must be a list of tools") }
            for (index, tool) in list.elements.enumerated() { tools.append(try Self.tool(tool, "tools[\(index)]")) }
        }
        if let choice, !choice.isNull { try read(choice) }
    }

    private static func tool(_ tool: JSONValue, _ path: String) throws(FieldError) -> Tool {
        if let type = tool["type"], !type.isNull, !type.isString("custom") {
            throw FieldError(
                "\(path).type",
                "'\(type.string ?? "")' is a tool of Anthropic's own, which other models do not have; "
                    + "offer one with name and input_schema")
        }
        guard let name = tool["name"], name.string?.isEmpty == false else {
            throw FieldError("\(path).name", "must be a string")
        }
        guard let schema = tool["input_schema"], schema.kind == .object else {
            throw FieldError("\(path).input_schema", #"must be a JSON schema like {"type": "object"}"#)
        }
        let description = tool["description"].flatMap { $0.kind == .string ? $0 : nil }
        return Tool(name: name, description: description, schema: schema, strict: tool["strict"]?.boolean)
    }

    private mutating func read(_ choice: JSONValue) throws(FieldError) {
        switch choice["type"]?.string {
        case "auto": self.choice = Array("\"auto\"".utf8)
        case "any": self.choice = Array("\"required\"".utf8)
        case "none": self.choice = Array("\"none\"".utf8)
        case "tool":
            guard let name = choice["name"], name.kind == .string else {
                throw FieldError("tool_choice.name", "must be the name of a tool")
            }
            var writer = JSONWriter()
            writer.object { item in
                item.member("type", "function")
                item.member("function", object: { $0.member("name", raw: name.raw) })
            }
            self.choice = writer.bytes
        default: throw FieldError("tool_choice.type", "must be one of auto, any, tool, none")
        }
        isOneAtATime = choice["disable_parallel_tool_use"]?.boolean == true
    }

    /// Writes the members `tools`, `tool_choice` and `parallel_tool_calls`; none of them where there are no tools.
    func write(to body: inout JSONWriter) {
        guard !tools.isEmpty else { return }
        body.member(
            "tools",
            array: { list in
                for tool in tools {
                    list.object { item in
                        item.member("type", "function")
                        item.member(
                            "function",
                            object: { function in
                                function.member("name", raw: tool.name.raw)
                                if let words = tool.description { function.member("description", raw: words.raw) }
                                function.member("parameters", raw: tool.schema.raw)
                                if let strict = tool.strict { function.member("strict", strict) }
                            })
                    }
                }
            })
        if let choice { body.member("tool_choice", raw: choice) }
        if isOneAtATime { body.member("parallel_tool_calls", false) }
    }
}
