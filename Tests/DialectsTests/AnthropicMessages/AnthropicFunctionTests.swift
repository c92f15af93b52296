import Dialects
import Domain
import JSON
import TestSupport
import Testing
import Upstream

@Suite("Tools and marks for Anthropic's servers")
struct AnthropicFunctionTests {
    private static let hello = #""messages":[{"role":"user","content":"hi"}]"#
    private static let two =
        #""tools":[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"g"}}]"#

    private static func sent(_ members: String, messages: String = hello) throws -> JSONValue {
        try ChatCall.sample("{\(messages),\(members)}", wire: .anthropic).sent
    }

    @Test(
        "a function is translated however it is written",
        arguments: [
            #"{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"}}}"#,
            #"{"type":"function","name":"f","description":"d","parameters":{"type":"object"}}"#,
            #"{"function":{"name":"f","description":"d","parameters":{"type":"object"}}}"#,
            #"{"name":"f","description":"d","input_schema":{"type":"object"}}"#,
            #"{"type":"custom","name":"f","description":"d","input_schema":{"type":"object"}}"#,
        ])
    func functions(tool: String) throws {
        #expect(
            try Self.sent(#""tools":[\#(tool)]"#)["tools"]?.text
                == #"[{"name":"f","description":"d","input_schema":{"type":"object"}}]"#)
    }

    @Test("a schema without a type is one of an object")
    func schemas() throws {
        func schema(_ parameters: String) throws -> String? {
            let tools = #""tools":[{"type":"function","function":{"name":"f","parameters":\#(parameters)}}]"#
            return try Self.sent(tools)["tools"]?.elements.first { _ in true }?["input_schema"]?.text
        }
        #expect(try schema("{}") == #"{"type":"object"}"#)
        #expect(try schema(#"{"properties":{"a":{}}}"#) == #"{"properties":{"a":{}},"type":"object"}"#)
        #expect(try schema("null") == #"{"type":"object","properties":{}}"#)
    }

    @Test(
        "the choice among tools is translated",
        arguments: [
            (#"{"type":"function","name":"f"}"#, #"{"type":"tool","name":"f"}"#, 2),
            (#""any""#, #"{"type":"any"}"#, 2),
            (
                #"{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"g"}}]}}"#,
                #"{"type":"any"}"#, 1
            ),
            (
                #"{"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":"g"}]}"#,
                #"{"type":"auto"}"#, 1
            ),
        ])
    func choices(choice: String, expected: String, count: Int) throws {
        let sent = try Self.sent(#"\#(Self.two),"tool_choice":\#(choice)"#)
        #expect(sent["tool_choice"]?.text == expected)
        #expect(sent["tools"]?.count == count)
        if count == 1 { #expect(sent["tools"]?.text.contains(#""name":"g""#) == true) }
    }

    @Test(
        "what cannot be said is refused by its field",
        arguments: [
            (#""tools":[{"type":"custom","custom":{"name":"f"}}]"#, "tools[0].type"),
            (#""tools":[{"type":"custom","name":"f","format":{"type":"text"}}]"#, "tools[0].type"),
            (#""tools":[{"type":"function","function":{"name":"f"}},{"type":"web_search"}]"#, "tools[1].type"),
            (#""tools":[{"type":"function"}]"#, "tools[0].function.name"),
            (#""tools":[{"type":"function","function":{"name":"f","parameters":[]}}]"#, "tools[0].function.parameters"),
            (#"\#(Self.two),"tool_choice":"sometimes""#, "tool_choice"),
            (#"\#(Self.two),"tool_choice":{"type":"custom","custom":{"name":"f"}}"#, "tool_choice.type"),
            (#"\#(Self.two),"tool_choice":{"type":"function"}"#, "tool_choice.function.name"),
            (
                #"\#(Self.two),"tool_choice":{"type":"allowed_tools","allowed_tools":{"tools":[{"function":{"name":"h"}}]}}"#,
                "tool_choice.allowed_tools.tools[0]"
            ),
            (#""functions":[{"name":"f"}]"#, "functions"), (#""function_call":{"name":"f"}"#, "function_call"),
            (#""response_format":{"type":"grammar"}"#, "response_format.type"),
            (#""response_format":{"type":"json_schema"}"#, "response_format.json_schema.schema"),
            (#""n":3"#, "n"), (#""audio":{"voice":"alloy"}"#, "audio"),
        ])
    func refused(members: String, field: String) throws {
        let error = #expect(throws: UpstreamError.self) { try Self.sent(members) }
        guard case .invalidRequest(let reason) = error else {
            Issue.record("not called invalid: \(String(describing: error))")
            return
        }
        #expect(reason.hasPrefix("\(field): "))
    }

    @Test("marks for caches stay where they stood")
    func marks() throws {
        let mark = #""cache_control":{"type":"ephemeral"}"#
        let messages = #"""
            "messages":[{"role":"system","content":"one"},
            {"role":"system","content":[{"type":"text","text":"two"},{"type":"text","text":"three",\#(mark)},{"type":"text","text":"four"}]},
            {"role":"user","content":"hi",\#(mark)},
            {"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]},
            {"role":"tool","tool_call_id":"a","content":"3",\#(mark)},
            {"role":"user","content":[{"type":"image_url","image_url":{"url":"https://h/a.png"},\#(mark)}]}]
            """#
        let sent = try Self.sent(#""tools":[{"type":"function","function":{"name":"f"},\#(mark)}]"#, messages: messages)
        #expect(
            sent["system"]?.text == #"""
                [{"type":"text","text":"one"},{"type":"text","text":"twothree",\#(mark)},{"type":"text","text":"four"}]
                """#)
        let text = try #require(sent["messages"]?.text)
        #expect(text.contains(#"{"type":"text","text":"hi",\#(mark)}"#))
        #expect(text.contains(#""content":[{"type":"text","text":"3"}],\#(mark)}"#))
        #expect(text.contains(#""url":"https://h/a.png"},\#(mark)}"#))
        #expect(sent["tools"]?.text.contains(mark) == true)
        let whole = try Self.sent(
            #""top_p":1"#,
            messages: #""messages":[{"role":"system","content":"one",\#(mark)},{"role":"user","content":"hi"}]"#)
        #expect(whole["system"]?.text == #"[{"type":"text","text":"one",\#(mark)}]"#)
        #expect(try Self.sent(mark)["cache_control"]?.text == #"{"type":"ephemeral"}"#)
    }

    @Test("JSON without a schema is asked for in words, behind the system prompt")
    func jsonObject() throws {
        let format = #""response_format":{"type":"json_object"}"#
        #expect(try Self.sent(format)["system"]?.string?.contains("JSON object") == true)
        let messages = #""messages":[{"role":"system","content":"one"},{"role":"user","content":"hi"}]"#
        let system = try #require(try Self.sent(format, messages: messages)["system"]?.string)
        #expect(system.hasPrefix("one\n\n") && system.contains("JSON object"))
        #expect(try Self.sent(format)["output_config"] == nil)
    }
}
