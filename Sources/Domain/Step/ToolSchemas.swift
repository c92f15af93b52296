package import JSON

/// The tools that a request offers, ready for calls of them to be checked.
package struct ToolSchemas: Sendable {
    /// By tool; nil where the tool's schema says nothing that can be checked.
    private let schemas: [String: JSONSchema?]

    /// Reads a list of tools: OpenAI's form (`function.name`, `function.parameters`), Anthropic's (`name`, `input_schema`)
    /// or bare functions (`name`, `parameters`). A schema that makes no sense is taken as one that says nothing: it is the
    /// model's server that has to refuse it.
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

    /// What is wrong with a call, in words that a model can act on; nil where nothing is.
    /// - Parameter arguments: the text of the arguments as the model wrote it; an empty one stands for no arguments.
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
