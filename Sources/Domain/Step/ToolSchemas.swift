package import JSON

/// The tools of a request, ready to validate calls.
package struct ToolSchemas: Sendable {
    /// Schemas by tool name; nil if a tool's schema allows anything.
    private let schemas: [String: JSONSchema?]

    /// Parses a list of tools: OpenAI's form (`function.name`, `function.parameters`), Anthropic's (`name`,
    /// `input_schema`) or bare functions (`name`, `parameters`). An invalid schema allows anything, since refusing it
    /// is up to the model's server.
    package init(_ tools: JSONValue) {
        var schemas: [String: JSONSchema?] = [:]
        for tool in tools.kind == .array ? Array(tools.elements) : [tools] {
            let function = tool["function"] ?? tool
            guard let name = function["name"]?.string else { continue }
            let schema = function["parameters"] ?? function["input_schema"]
            schemas[name] = .some(schema.flatMap { try? JSONSchema($0) })
        }
        self.schemas = schemas
    }

    /// The tools' names, in order.
    package var names: [String] { schemas.keys.sorted() }

    /// What is wrong with a call, phrased so that a model can correct it; nil if it is valid.
    /// - Parameter arguments: the argument text as the model wrote it. Empty text means no arguments.
    package func problem(callOf name: String, arguments: String) -> String? {
        guard let schema = schemas[name] else {
            let known = Spelling.closest(to: name, among: names)
            return "it called \"\(name)\", which is not among the tools"
                + (known.map { "; did it mean \"\($0)\"?" } ?? "")
        }
        let text = arguments.allSatisfy(\.isWhitespace) ? "{}" : arguments
        guard let document = try? JSONDocument(Array(text.utf8)) else {
            return "the arguments of its call of \(name) are not JSON"
        }
        guard document.root.kind == .object else {
            return "the arguments of its call of \(name) are no JSON object"
        }
        guard let problem = schema?.problem(in: document.root) else { return nil }
        return "the arguments of its call of \(name) do not fit the tool's schema: \(problem)"
    }
}
