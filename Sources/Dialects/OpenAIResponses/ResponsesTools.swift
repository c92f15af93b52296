import Domain
import JSON

/// The functions of a request in the Responses format and the choice among them.
struct ResponsesTools {
    private var functions: [OpenAITools.Function] = []
    /// `tool_choice` as JSON text; nil where the caller leaves it to the server.
    private let choice: [UInt8]?
    private let isParallel: Bool

    init(tools list: JSONValue?, choice: JSONValue?, isParallel: Bool) throws(FieldError) {
        self.isParallel = isParallel
        self.choice = try choice.map { (choice) throws(FieldError) in try Self.choice(choice) }
        guard let list else { return }
        guard list.kind == .array else { throw FieldError("tools", "must be a list of tools") }
        for (index, tool) in list.elements.enumerated() {
            functions.append(try Self.function(tool, path: "tools[\(index)]"))
        }
    }

    private static func function(_ tool: JSONValue, path: String) throws(FieldError) -> OpenAITools.Function {
        guard tool["type"]?.isString("function") == true else {
            throw FieldError(
                "\(path).type",
                "'\(tool["type"]?.string ?? "")' is a tool of OpenAI's own, which other models do not have; "
                    + "offer a function that does it, with type function, name and parameters")
        }
        guard let name = tool["name"], name.string?.isEmpty == false else {
            throw FieldError("\(path).name", "must be a string")
        }
        let parameters = tool["parameters"].flatMap { $0.isNull ? nil : $0 }
        guard parameters.map({ $0.kind == .object }) ?? true else {
            throw FieldError("\(path).parameters", #"must be a JSON schema like {"type": "object"}"#)
        }
        let description = tool["description"].flatMap { $0.kind == .string ? $0 : nil }
        return OpenAITools.Function(
            name: name, description: description, parameters: parameters, strict: tool["strict"]?.boolean)
    }

    private static func choice(_ choice: JSONValue) throws(FieldError) -> [UInt8] {
        if let name = choice.string {
            guard ["auto", "none", "required"].contains(name) else {
                throw FieldError("tool_choice", "must be auto, none, required or one function")
            }
            return Array(choice.raw)
        }
        guard choice["type"]?.isString("function") == true else {
            throw FieldError(
                "tool_choice.type", "must be function: of other tools, offer only those that may be called")
        }
        guard let name = choice["name"], name.kind == .string else {
            throw FieldError("tool_choice.name", "must be the name of a function")
        }
        return OpenAITools.choice(name)
    }

    /// Writes `tools`, `tool_choice` and `parallel_tool_calls` in the chat format.
    func write(to body: inout JSONWriter) {
        OpenAITools.write(functions, choice: choice, isParallel: isParallel, to: &body)
    }
}
