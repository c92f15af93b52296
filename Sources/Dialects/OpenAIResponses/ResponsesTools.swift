import Domain
import JSON

/// The tools of a request in the Responses format, as functions of the chat format, and the choice among them.
///
/// A custom tool, whose input is plain text, becomes a function with one string. The tools of a namespace become functions
/// whose names begin with it.
struct ResponsesTools {
    private var functions: [OpenAITools.Function] = []
    /// The tools by their names in the chat format.
    private(set) var names: [String: ResponsesToolName] = [:]
    /// Tools that were left out, as `tools[0].type web_search`.
    private(set) var leftOut: [String] = []
    /// `tool_choice` as JSON text; nil where the caller leaves it to the server.
    private var choice: [UInt8]?
    private let isParallel: Bool

    /// Tools that run at OpenAI, and that agents offer to every model beside their own. They are left out where others
    /// are offered.
    private static let optional: Set = ["web_search", "web_search_preview", "image_generation", "tool_search"]

    /// - Parameters:
    ///   - list: the member `tools`.
    ///   - input: whose items of type `additional_tools` bring further tools.
    init(tools list: JSONValue?, input: JSONValue?, choice: JSONValue?, isParallel: Bool) throws(FieldError) {
        self.isParallel = isParallel
        if let list {
            guard list.kind == .array else { throw FieldError("tools", "must be a list of tools") }
            try add(list, path: "tools")
        }
        if let input, input.kind == .array {
            for (index, item) in input.elements.enumerated() where item["type"]?.isString("additional_tools") == true {
                if let tools = item["tools"] { try add(tools, path: "input[\(index)].tools") }
            }
        }
        if functions.isEmpty, let first = leftOut.first { throw Self.runsElsewhere(first) }
        if let choice { try read(choice) }
    }

    private static func runsElsewhere(_ tool: String) -> FieldError {
        let parts = tool.split(separator: " ", maxSplits: 1)
        return FieldError(
            String(parts[0]),
            "'\(parts.last ?? "")' is a tool of OpenAI's own, which other models do not have and whose price by use is not "
                + "known here; offer a function that does it, with type function, name and parameters")
    }

    private mutating func add(_ list: JSONValue, path: String, in namespace: String? = nil) throws(FieldError) {
        for (index, tool) in list.elements.enumerated() {
            let path = "\(path)[\(index)]"
            switch tool["type"]?.string {
            case "function": add(try Self.function(tool, namespace, path: path), of: tool, namespace)
            case "custom": add(try Self.custom(tool, namespace, path: path), of: tool, namespace, isCustom: true)
            case "namespace" where namespace == nil:
                guard let name = tool["name"]?.string, !name.isEmpty else {
                    throw FieldError("\(path).name", "must be a string")
                }
                if let tools = tool["tools"] ?? tool["functions"] { try add(tools, path: "\(path).tools", in: name) }
            case let type? where Self.optional.contains(type) || type.hasPrefix("web_search_preview_"):
                leftOut.append("\(path).type \(type)")
            case let type: throw Self.runsElsewhere("\(path).type \(type ?? "")")
            }
        }
    }

    /// A tool that is offered twice counts once: agents repeat their lists in the middle of a conversation.
    private mutating func add(
        _ function: OpenAITools.Function, of tool: JSONValue, _ namespace: String?, isCustom: Bool = false
    ) {
        let name = ResponsesToolName(namespace: namespace, name: tool["name"]?.string ?? "", isCustom: isCustom)
        guard names[name.chatName] == nil else { return }
        names[name.chatName] = name
        functions.append(function)
    }

    private static func name(_ tool: JSONValue, _ namespace: String?, path: String) throws(FieldError) -> [UInt8] {
        guard let name = tool["name"]?.string, !name.isEmpty else {
            throw FieldError("\(path).name", "must be a string")
        }
        return JSONWriter.quoted(ResponsesToolName(namespace: namespace, name: name).chatName)
    }

    private static func function(
        _ tool: JSONValue, _ namespace: String?, path: String
    ) throws(FieldError) -> OpenAITools.Function {
        let parameters = tool["parameters"].flatMap { $0.isNull ? nil : $0 }
        guard parameters.map({ $0.kind == .object }) ?? true else {
            throw FieldError("\(path).parameters", #"must be a JSON schema like {"type": "object"}"#)
        }
        let description = tool["description"].flatMap { $0.kind == .string ? $0.raw : nil }
        return OpenAITools.Function(
            name: try name(tool, namespace, path: path)[...], description: description, parameters: parameters?.raw,
            strict: tool["strict"]?.boolean)
    }

    /// Its grammar cannot be enforced; the model is told of it.
    private static func custom(
        _ tool: JSONValue, _ namespace: String?, path: String
    ) throws(FieldError) -> OpenAITools.Function {
        var words = [tool["description"]?.string ?? ""]
        if let format = tool["format"], let grammar = format["definition"]?.string {
            words.append("The input follows this \(format["syntax"]?.string ?? "") grammar:\n\(grammar)")
        }
        let schema =
            #"{"type":"object","properties":{"input":{"type":"string","description":"The input, as plain text."}},"#
            + #""required":["input"],"additionalProperties":false}"#
        return OpenAITools.Function(
            name: try name(tool, namespace, path: path)[...],
            description: JSONWriter.quoted(words.filter { !$0.isEmpty }.joined(separator: "\n\n"))[...],
            parameters: Array(schema.utf8)[...], strict: nil)
    }

    // MARK: The choice

    private mutating func read(_ choice: JSONValue) throws(FieldError) {
        if choice.string != nil { return self.choice = try Self.mode(choice, path: "tool_choice") }
        switch choice["type"]?.string {
        case "function", "custom":
            let name = try Self.named(choice, path: "tool_choice")
            self.choice = OpenAITools.choice(JSONWriter.quoted(name)[...])
        case "allowed_tools": try allow(choice)
        default:
            throw FieldError(
                "tool_choice.type", "must be function: of other tools, offer only those that may be called")
        }
    }

    private static func mode(_ mode: JSONValue, path: String) throws(FieldError) -> [UInt8] {
        guard ["auto", "none", "required"].contains(mode.string) else {
            throw FieldError(path, "must be auto, none, required or one function")
        }
        return Array(mode.raw)
    }

    private static func named(_ choice: JSONValue, path: String) throws(FieldError) -> String {
        guard let name = choice["name"]?.string else {
            throw FieldError("\(path).name", "must be the name of a function")
        }
        return ResponsesToolName(namespace: choice["namespace"]?.string, name: name).chatName
    }

    /// Keeps the allowed tools alone, which every server understands.
    private mutating func allow(_ choice: JSONValue) throws(FieldError) {
        guard let list = choice["tools"], list.kind == .array, list.count > 0 else {
            throw FieldError("tool_choice.tools", "must be a list of tools")
        }
        var allowed: Set<[UInt8]> = []
        for (index, tool) in list.elements.enumerated() {
            let name = try Self.named(tool, path: "tool_choice.tools[\(index)]")
            guard names[name] != nil else {
                throw FieldError("tool_choice.tools[\(index)]", "must be one of the tools that are offered")
            }
            allowed.insert(JSONWriter.quoted(name))
        }
        functions.removeAll { !allowed.contains(Array($0.name)) }
        if let mode = choice["mode"], !mode.isNull { self.choice = try Self.mode(mode, path: "tool_choice.mode") }
    }

    /// Writes `tools`, `tool_choice` and `parallel_tool_calls` in the chat format.
    func write(to body: inout JSONWriter) {
        OpenAITools.write(functions, choice: choice, isParallel: isParallel, to: &body)
    }
}
