import Domain
import JSON
import Upstream

/// The tools of a request in OpenAI's chat format and the choice among them, for Anthropic's servers.
///
/// Functions are taken over, also those written flat, as in OpenAI's Responses, or with Anthropic's `input_schema`. What
/// Anthropic's format cannot say is refused by field: a tool that is left out would change the answer.
struct AnthropicFunctions {
    private struct Function {
        let name: String
        let description: String?
        /// A JSON schema of an object.
        let schema: [UInt8]
        let cache: JSONValue?
    }

    private enum Choice {
        case mode(String)
        case function(String)
    }

    private static let anyObject = Array(#"{"type":"object","properties":{}}"#.utf8)
    /// OpenAI's modes, and Anthropic's for them.
    private static let modes = ["auto": "auto", "none": "none", "required": "any", "any": "any"]

    private var functions: [Function] = []
    private var choice: Choice?
    private let isOneAtATime: Bool
    private var isLastMarked = false

    /// Reads a request's body.
    init(_ root: JSONValue) throws(UpstreamError) {
        isOneAtATime = root["parallel_tool_calls"]?.boolean == false
        for name in ["functions", "function_call"] {
            guard let value = root[name], !value.isNull, value.count > 0 || value.kind == .string else { continue }
            throw AnthropicWire.unsaid(
                name, "is the older form of tools, which Anthropic's models do not have: send tools")
        }
        if let tools = root["tools"], !tools.isNull {
            for (index, tool) in tools.elements.enumerated() {
                functions.append(try Self.function(tool, path: "tools[\(index)]"))
            }
        }
        if let choice = root["tool_choice"], !choice.isNull { try read(choice) }
    }

    private static func function(_ tool: JSONValue, path: String) throws(UpstreamError) -> Function {
        let type = tool["type"]?.string ?? "function"
        let isAnthropic = tool["input_schema"] != nil && tool["function"] == nil
        guard type == "function" || (type == "custom" && isAnthropic) else {
            throw AnthropicWire.unsaid(
                "\(path).type",
                "'\(type)' is no tool that Anthropic's models have: offer a function with name and parameters")
        }
        let function = tool["function"] ?? tool
        guard let name = function["name"]?.string, !name.isEmpty else {
            throw AnthropicWire.unsaid("\(path).function.name", "must be a string")
        }
        let schema = function["parameters"] ?? function["input_schema"]
        return Function(
            name: name, description: function["description"]?.string, schema: try self.schema(schema, path: path),
            cache: tool["cache_control"] ?? function["cache_control"])
    }

    /// A schema as Anthropic's servers take it: that of an object, which says so.
    private static func schema(_ schema: JSONValue?, path: String) throws(UpstreamError) -> [UInt8] {
        guard let schema, !schema.isNull else { return anyObject }
        guard schema.kind == .object, let document = try? JSONDocument(Array(schema.raw)) else {
            throw AnthropicWire.unsaid("\(path).function.parameters", "must be a JSON schema of an object")
        }
        guard schema["type"].map({ $0.isNull }) ?? true else { return document.bytes }
        return document.settingMembers([("type", Array(#""object""#.utf8))])
    }

    // MARK: The choice

    private mutating func read(_ choice: JSONValue) throws(UpstreamError) {
        if let name = choice.string { return self.choice = .mode(try Self.mode(name, path: "tool_choice")) }
        switch choice["type"]?.string {
        case "function", "tool", nil:
            guard let name = choice["function"]?["name"]?.string ?? choice["name"]?.string else {
                throw AnthropicWire.unsaid("tool_choice.function.name", "must be the name of a function")
            }
            self.choice = .function(name)
        case "allowed_tools":
            try allow(choice["allowed_tools"] ?? choice)
        case let type? where Self.modes[type] != nil:
            self.choice = .mode(try Self.mode(type, path: "tool_choice.type"))
        case let type?:
            throw AnthropicWire.unsaid(
                "tool_choice.type", "'\(type)' is no choice that Anthropic's models know: name a function")
        }
    }

    private static func mode(_ name: String, path: String) throws(UpstreamError) -> String {
        guard let mode = modes[name] else {
            throw AnthropicWire.unsaid(path, "must be auto, none, required or one function")
        }
        return mode
    }

    /// Keeps the allowed functions alone; Anthropic's format has no list of them.
    private mutating func allow(_ allowed: JSONValue) throws(UpstreamError) {
        let path = "tool_choice.allowed_tools"
        guard let list = allowed["tools"], list.kind == .array, list.count > 0 else {
            throw AnthropicWire.unsaid("\(path).tools", "must be a list of tools")
        }
        var names: Set<String> = []
        for (index, tool) in list.elements.enumerated() {
            guard let name = tool["function"]?["name"]?.string ?? tool["name"]?.string,
                functions.contains(where: { $0.name == name })
            else {
                throw AnthropicWire.unsaid("\(path).tools[\(index)]", "must be one of the functions in tools")
            }
            names.insert(name)
        }
        functions.removeAll { !names.contains($0.name) }
        choice = .mode(try Self.mode(allowed["mode"]?.string ?? "auto", path: "\(path).mode"))
    }

    // MARK: Writing

    /// Marks the end of the tools for the server's cache.
    mutating func markLast() { isLastMarked = true }

    /// Writes `tools` and `tool_choice`; neither without functions.
    func write(to body: inout JSONWriter) {
        guard !functions.isEmpty else { return }
        body.member(
            "tools",
            array: { list in
                for (index, function) in functions.enumerated() {
                    list.object { item in
                        item.member("name", function.name)
                        if let text = function.description { item.member("description", text) }
                        item.member("input_schema", raw: function.schema)
                        if let cache = function.cache {
                            item.member("cache_control", raw: cache.raw)
                        } else if isLastMarked, index == functions.count - 1 {
                            item.member("cache_control", raw: AnthropicConversation.mark)
                        }
                    }
                }
            })
        guard choice != nil || isOneAtATime else { return }
        body.member(
            "tool_choice",
            object: { item in
                var mode = "auto"
                switch choice {
                case .function(let name):
                    item.member("type", "tool")
                    item.member("name", name)
                    mode = "tool"
                case .mode(let name):
                    mode = name
                    item.member("type", name)
                case nil: item.member("type", mode)
                }
                if isOneAtATime, mode != "none" { item.member("disable_parallel_tool_use", true) }
            })
    }
}
