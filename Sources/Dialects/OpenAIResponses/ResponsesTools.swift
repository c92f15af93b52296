import Domain
import JSON

/// Functions and the choice among them as the Responses API has them, to be written in the chat format.
struct ResponsesTools {
    private struct Function {
        let name: JSONValue
        let description: JSONValue?
        let parameters: JSONValue?
        let strict: Bool?
    }

    private var functions: [Function] = []
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

    private static func function(_ tool: JSONValue, path: String) throws(FieldError) -> Function {
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
        return Function(
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
        var writer = JSONWriter()
        writer.object { item in
            item.member("type", "function")
            item.member("function", object: { $0.member("name", raw: name.raw) })
        }
        return writer.bytes
    }

    /// Writes the members `tools`, `tool_choice` and `parallel_tool_calls`; none of them where there are no tools.
    func write(to body: inout JSONWriter) {
        guard !functions.isEmpty else { return }
        body.member(
            "tools",
            array: { list in
                for function in functions {
                    list.object { item in
                        item.member("type", "function")
                        item.member("function", object: { Self.write(function, to: &$0) })
                    }
                }
            })
        if let choice { body.member("tool_choice", raw: choice) }
        if !isParallel { body.member("parallel_tool_calls", false) }
    }

    private static func write(_ function: Function, to object: inout JSONWriter) {
        object.member("name", raw: function.name.raw)
        if let words = function.description { object.member("description", raw: words.raw) }
        if let parameters = function.parameters { object.member("parameters", raw: parameters.raw) }
        if let strict = function.strict { object.member("strict", strict) }
    }
}
