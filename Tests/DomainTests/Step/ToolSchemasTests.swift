import Domain
import JSON
import Testing

@Suite("Tool schemas")
struct ToolSchemasTests {
    private static let forms = [
        #"[{"type": "function", "function": {"name": "add", "parameters": SCHEMA}}]"#,
        #"[{"name": "add", "input_schema": SCHEMA}]"#, #"[{"name": "add", "parameters": SCHEMA}]"#,
    ].map {
        $0.replacing("SCHEMA", with: #"{"type": "object", "properties": {"a": {"type": "number"}}, "required": ["a"]}"#)
    }

    @Test("calls are validated for every form of a tool list", arguments: forms)
    func calls(list: String) throws {
        let tools = ToolSchemas(try JSONDocument(Array(list.utf8)).root)
        #expect(tools.names == ["add"])
        #expect(tools.problem(callOf: "add", arguments: #"{"a": 1}"#) == nil)
        #expect(
            tools.problem(callOf: "add", arguments: " ")
                == "the arguments of its call of add do not fit the tool's schema: a is missing")
        #expect(tools.problem(callOf: "add", arguments: #"{"a": 1"#)?.hasSuffix("are not JSON") == true)
        #expect(tools.problem(callOf: "add", arguments: "[1]")?.hasSuffix("are no JSON object") == true)
        #expect(tools.problem(callOf: "ad", arguments: "{}")?.contains(#"did it mean "add"?"#) == true)
    }

    @Test("a tool without a valid schema accepts any arguments")
    func without() throws {
        let text = #"[{"name": "now"}, {"name": "odd", "parameters": {"type": "nonsense"}}, {"type": "web_search"}]"#
        let tools = ToolSchemas(try JSONDocument(Array(text.utf8)).root)
        #expect(tools.names == ["now", "odd"])
        #expect(tools.problem(callOf: "now", arguments: "") == nil)
        #expect(tools.problem(callOf: "odd", arguments: #"{"x": 1}"#) == nil)
    }
}
