import Domain
import JSON

/// The tools of a request in Anthropic's format and the choice among them.
struct AnthropicTools {
    private var functions: [OpenAITools.Function] = []
    /// `tool_choice` as JSON text; nil where the caller leaves it to the server.
    private var choice: [UInt8]?
    private var isOneAtATime = false
    /// The format that tools of Anthropic's own need; nil without such tools.
    private(set) var wireNeed: WireNeed?

    /// Tools whose schema Anthropic's models know and whose calls the client runs, by the beginning of their types.
    private static let clientRun = ["bash_", "text_editor_", "memory_", "computer_"]

    init(tools list: JSONValue?, choice: JSONValue?) throws(FieldError) {
        if let list, !list.isNull {
            guard list.kind == .array else { throw FieldError("tools", "must be a list of tools") }
            for (index, tool) in list.elements.enumerated() {
                functions.append(try Self.function(tool, "tools[\(index)]"))
                if let type = tool["type"]?.string, Self.isClientRun(type) {
                    wireNeed = wireNeed ?? WireNeed(.anthropic, for: "tools[\(index)].type \(type)")
                }
            }
        }
        if let choice, !choice.isNull { try read(choice) }
    }

    private static func function(
        _ tool: JSONValue, _ path: String
    ) throws(FieldError) -> OpenAITools.Function {
        let type = tool["type"].flatMap { $0.isNull ? nil : $0.string ?? "" } ?? "custom"
        let runsAtClient = isClientRun(type)
        guard type == "custom" || runsAtClient else {
            throw FieldError(
                "\(path).type",
                "'\(type)' runs at Anthropic and is billed by use, and a price of its uses is not in the catalog's "
                    + "format: leave it out, or offer a tool of yours with name and input_schema")
        }
        guard let name = tool["name"], name.string?.isEmpty == false else {
            throw FieldError("\(path).name", "must be a string")
        }
        // The model's server knows the schema.
        if runsAtClient { return OpenAITools.Function(name: name.raw, description: nil, parameters: nil, strict: nil) }
        guard let schema = tool["input_schema"], schema.kind == .object else {
            throw FieldError("\(path).input_schema", #"must be a JSON schema like {"type": "object"}"#)
        }
        let description = tool["description"].flatMap { $0.kind == .string ? $0.raw : nil }
        return OpenAITools.Function(
            name: name.raw, description: description, parameters: schema.raw, strict: tool["strict"]?.boolean)
    }

    private static func isClientRun(_ type: String) -> Bool { clientRun.contains { type.hasPrefix($0) } }

    private mutating func read(_ choice: JSONValue) throws(FieldError) {
        switch choice["type"]?.string {
        case "auto": self.choice = Array("\"auto\"".utf8)
        case "any": self.choice = Array("\"required\"".utf8)
        case "none": self.choice = Array("\"none\"".utf8)
        case "tool":
            guard let name = choice["name"], name.kind == .string else {
                throw FieldError("tool_choice.name", "must be the name of a tool")
            }
            self.choice = OpenAITools.choice(name.raw)
        default: throw FieldError("tool_choice.type", "must be one of auto, any, tool, none")
        }
        isOneAtATime = choice["disable_parallel_tool_use"]?.boolean == true
    }

    /// Writes `tools`, `tool_choice` and `parallel_tool_calls` in OpenAI's format.
    func write(to body: inout JSONWriter) {
        OpenAITools.write(functions, choice: choice, isParallel: !isOneAtATime, to: &body)
    }
}

extension AnthropicWriter {
    /// - Parameter number: of the call in its answer; names calls whose server gave them no id.
    func write(_ call: ToolCall, number: Int, input: [UInt8], to block: inout JSONWriter) {
        block.member("type", "tool_use")
        block.member("id", identifier(of: call, number: number))
        block.member("name", call.name)
        block.member("input", raw: input)
    }

    /// The name of a call in Anthropic's format; calls whose server gave them none get one.
    func identifier(of call: ToolCall, number: Int) -> String {
        Self.identifier(call.id.isEmpty ? "toolu_\(id)_\(number)" : call.id)
    }

    /// Anthropic's ids have letters, digits, `_` and `-`; some servers' have others.
    static func identifier(_ id: String) -> String {
        let allowed = id.unicodeScalars.map { scalar in
            let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
            return isPlain || scalar == "_" || scalar == "-" ? Character(scalar) : "_"
        }
        return String(allowed)
    }

    /// The arguments where they are an object. Others stand under the name that Anthropic's documentation gives them, so
    /// that they fail the tool's schema instead of passing for a call without arguments.
    static func input(_ call: ToolCall) -> [UInt8] {
        guard !call.arguments.isEmpty else { return Array("{}".utf8) }
        let bytes = Array(call.arguments.utf8)
        if let document = try? JSONDocument(bytes), document.root.kind == .object { return bytes }
        var writer = JSONWriter(capacity: bytes.count + 32)
        writer.object { $0.member("INVALID_JSON", call.arguments) }
        return writer.bytes
    }
}
