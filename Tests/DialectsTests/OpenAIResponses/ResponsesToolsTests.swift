import Dialects
import Domain
import JSON
import Testing

@Suite("Tools of coding agents in OpenAI's Responses API")
struct ResponsesToolsTests {
    private static func request(_ members: String, input: String = #""x""#) throws -> ResponsesRequest {
        let rest = members.isEmpty ? "" : ",\(members)"
        return try ResponsesRequest(try JSONDocument(Array(#"{"model":"hera","input":\#(input)\#(rest)}"#.utf8)))
    }

    private static func text(_ value: JSONValue?) -> String? { value.map { String(decoding: $0.raw, as: UTF8.self) } }

    private static let patch = #"""
        {"type":"custom","name":"apply_patch","description":"Edits files.",
        "format":{"type":"grammar","syntax":"lark","definition":"start: x"}}
        """#
    private static let agents = #"""
        {"type":"namespace","name":"collaboration","description":"d","tools":[
        {"type":"function","name":"spawn","parameters":{"type":"object"}},{"type":"custom","name":"say"}]}
        """#

    @Test("a custom tool is a function with one string, and is told its grammar")
    func custom() throws {
        let tool = try #require(try Self.request(#""tools":[\#(Self.patch)]"#).chat.tools?[0]?["function"])
        #expect(tool["name"]?.string == "apply_patch")
        #expect(tool["description"]?.string == "Edits files.\n\nThe input follows this lark grammar:\nstart: x")
        #expect(tool["parameters"]?["required"]?[0]?.string == "input")
    }

    @Test("the tools of a namespace are functions whose names begin with it, of 64 letters at most")
    func namespace() throws {
        let tools = try #require(try Self.request(#""tools":[\#(Self.agents)]"#).chat.tools)
        let names = tools.elements.compactMap { $0["function"]?["name"]?.string }
        #expect(names == ["collaboration__spawn", "collaboration__say"])
        let long = String(repeating: "n", count: 60)
        func longName(_ end: String) throws -> String {
            let tool = #"{"type":"namespace","name":"\#(long)","tools":[{"type":"function","name":"tool.\#(end)"}]}"#
            return try #require(
                try Self.request(#""tools":[\#(tool)]"#).chat.tools?[0]?["function"]?["name"]?.string)
        }
        let (one, two) = (try longName("a"), try longName("b"))
        #expect(one.count == 64 && two.count == 64 && one != two)
        #expect(one.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" })
    }

    @Test("tools that items of the input bring are offered once, and the items are no messages")
    func additional() throws {
        let item = #"{"type":"additional_tools","role":"developer","tools":[\#(Self.patch),\#(Self.agents)]}"#
        let chat = try Self.request("", input: #"[\#(item),{"role":"user","content":"x"},\#(item)]"#).chat
        #expect(chat.tools?.count == 3)
        #expect(chat.messages.count == 1)
        #expect(chat.needs == [.tools])
    }

    @Test("tools that run at OpenAI are left out beside others, and alone they are refused")
    func leftOut() throws {
        let request = try Self.request(#""tools":[{"type":"web_search"},\#(Self.patch)]"#)
        #expect(request.chat.tools?.count == 1)
        #expect(request.leftOut == ["tools[0].type web_search"])
        let error = #expect(throws: FieldError.self) { try Self.request(#""tools":[{"type":"web_search"}]"#) }
        #expect(error?.field == "tools[0].type")
    }

    @Test("a choice of some tools offers those alone")
    func allowed() throws {
        let choice = #"""
            "tool_choice":{"type":"allowed_tools","mode":"required",
            "tools":[{"type":"function","namespace":"collaboration","name":"spawn"}]}
            """#
        let chat = try Self.request(#""tools":[\#(Self.patch),\#(Self.agents)],\#(choice)"#).chat
        #expect(chat.tools?.elements.compactMap { $0["function"]?["name"]?.string } == ["collaboration__spawn"])
        #expect(chat.document.root["tool_choice"]?.string == "required")
        let one = try Self.request(
            #""tools":[\#(Self.patch)],"tool_choice":{"type":"custom","name":"apply_patch"}"#)
        #expect(
            Self.text(one.chat.document.root["tool_choice"])
                == #"{"type":"function","function":{"name":"apply_patch"}}"#)
    }

    @Test("calls of custom and of namespaced tools and their results go back as calls of the functions")
    func history() throws {
        let items = #"""
            [{"role":"user","content":"x"},
            {"type":"custom_tool_call","call_id":"a","name":"apply_patch","input":"*** \"Begin\""},
            {"type":"function_call","call_id":"b","namespace":"collaboration","name":"spawn","arguments":"{}"},
            {"type":"custom_tool_call_output","call_id":"a","output":"done"},
            {"type":"function_call_output","call_id":"b","output":"7"},{"type":"web_search_call","id":"w"}]
            """#
        let messages = try #require(try Self.request("", input: items).chat.document.root["messages"])
        let calls = try #require(messages[1]?["tool_calls"])
        #expect(calls[0]?["function"]?["name"]?.string == "apply_patch")
        #expect(calls[0]?["function"]?["arguments"]?.string == #"{"input":"*** \"Begin\""}"#)
        #expect(calls[1]?["function"]?["name"]?.string == "collaboration__spawn")
        #expect(messages.elements.compactMap { $0["tool_call_id"]?.string } == ["a", "b"])
    }

    private static let answer: ChatAnswer = {
        var answer = ChatAnswer()
        answer.toolCalls = [
            ToolCall(id: "a", name: "apply_patch", arguments: #"{"input":"*** \"Begin\""}"#),
            ToolCall(id: "b", name: "collaboration__spawn", arguments: "{}"),
            ToolCall(id: "c", name: "collaboration__say", arguments: "no JSON"),
        ]
        answer.finishReason = .toolCalls
        return answer
    }()

    @Test("calls are written under the names that the client offered, whole and as a stream", arguments: [false, true])
    func calls(isStream: Bool) throws {
        let request = try Self.request(#""tools":[\#(Self.patch),\#(Self.agents)]"#)
        let writer = ResponsesWriter(id: "1", model: "m", frame: request.frame)
        var body = writer.body(Self.answer)
        if isStream {
            var events = ResponsesEventWriter(writer)
            let bytes = Self.answer.events(id: "1", model: "m").flatMap { events.write($0) }
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(text.contains("event: response.custom_tool_call_input.done"))
            #expect(!text.contains(#""delta":"{\"input"#), "no client reads the arguments of the function")
            body = try #require(events.ended)
        }
        let output = try #require(try JSONDocument(body).root["output"])
        #expect(output[0]?["type"]?.string == "custom_tool_call")
        #expect(output[0]?["input"]?.string == #"*** "Begin""#)
        #expect(output[0]?["arguments"] == nil)
        #expect(output[1]?["type"]?.string == "function_call" && output[1]?["name"]?.string == "spawn")
        #expect(output[1]?["namespace"]?.string == "collaboration")
        #expect(output[2]?["input"]?.string == "no JSON", "what a model writes without the form is the input itself")
    }
}
