import Domain
import JSON

/// Holds tool calls that are written as JSON against the tools' schemas.
enum CallCheck {
    /// What is wrong with the calls in an answer; nil where nothing is, and where no call is written as JSON.
    /// - Parameter tools: the text of the tool list.
    static func problem(in output: String, tools: String?) -> String? {
        guard let tools, let list = try? JSONDocument(Array(tools.utf8)).root,
            let answer = try? JSONDocument(Array(output.utf8)).root
        else { return nil }
        let schemas = ToolSchemas(list)
        let calls = answer["tool_calls"] ?? answer
        for call in calls.kind == .array ? Array(calls.elements) : [calls] {
            let function = call["function"] ?? call
            guard let name = function["name"]?.string, let arguments = function["arguments"] else { continue }
            let text = arguments.string ?? String(decoding: arguments.raw, as: UTF8.self)
            if let problem = schemas.problem(callOf: name, arguments: text) { return problem }
        }
        return nil
    }
}
