import Dialects
import Domain
import JSON
import TestSupport
import Testing
import Upstream

@Suite("A request in Anthropic's format")
struct AnthropicRequestTests {
    private static func sent(_ body: String, isStreaming: Bool = false) throws -> JSONValue {
        try ChatCall.sample(body, wire: .anthropic, isStreaming: isStreaming).sent
    }

    private static let hello = #""messages":[{"role":"user","content":"hi"}]"#

    @Test("URL, key and version stand where Anthropic expects them")
    func head() throws {
        let request = try AnthropicWire().request(.sample("{\(Self.hello)}", wire: .anthropic, key: "k"))
        #expect(request.url == "http://127.0.0.1:1/v1/messages")
        #expect(request.headers.first { $0.0 == "x-api-key" }?.1 == "k")
        #expect(request.headers.contains { $0.0 == "anthropic-version" })
        #expect(!request.headers.contains { $0.0 == "Authorization" })
    }

    @Test("a plain call has model, messages and a limit of tokens, the caller's if there is one")
    func plain() throws {
        #expect(
            try Self.sent("{\(Self.hello)}").text == #"""
                {"model":"served-name","max_tokens":777,"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}]}
                """#)
        #expect(try Self.sent("{\(Self.hello),\"max_tokens\":5}")["max_tokens"]?.integer == 5)
        #expect(
            try Self.sent("{\(Self.hello),\"max_tokens\":5,\"max_completion_tokens\":6}")["max_tokens"]?.integer == 5)
        #expect(try Self.sent("{\(Self.hello)}", isStreaming: true)["stream"]?.boolean == true)
    }

    @Test("system prompts are collected, an agent's turns with tool results become user and assistant in turn")
    func agent() throws {
        let sent = try Self.sent(
            #"""
            {"messages":[{"role":"system","content":"one"},{"role":"developer","content":[{"type":"text","text":"two"}]},
            {"role":"user","content":"sum?"},
            {"role":"assistant","content":null,"tool_calls":[
            {"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\": 1}"}},
            {"id":"b","type":"function","function":{"name":"f","arguments":""}}]},
            {"role":"tool","tool_call_id":"a","content":"3"},{"role":"tool","tool_call_id":"b","content":""},
            {"role":"user","content":"and?"}]}
            """#)
        #expect(sent["system"]?.string == "one\n\ntwo")
        #expect(
            sent["messages"]?.text == #"""
                [{"role":"user","content":[{"type":"text","text":"sum?"}]},\#
                {"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{"x": 1}},\#
                {"type":"tool_use","id":"b","name":"f","input":{}}]},\#
                {"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[{"type":"text","text":"3"}]},\#
                {"type":"tool_result","tool_use_id":"b","content":[]},{"type":"text","text":"and?"}]}]
                """#)
    }

    @Test("tools and the choice among them are translated")
    func tools() throws {
        let tools = #"""
            "tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"}}},
            {"type":"function","function":{"name":"g"}}]
            """#
        let sent = try Self.sent("{\(Self.hello),\(tools)}")
        #expect(
            sent["tools"]?.text == #"""
                [{"name":"f","description":"d","input_schema":{"type":"object"}},\#
                {"name":"g","input_schema":{"type":"object","properties":{}}}]
                """#)
        #expect(sent["tool_choice"] == nil)
        let choices = [
            (#""auto""#, #"{"type":"auto"}"#), (#""none""#, #"{"type":"none"}"#), (#""required""#, #"{"type":"any"}"#),
            (#"{"type":"function","function":{"name":"f"}}"#, #"{"type":"tool","name":"f"}"#),
        ]
        for (choice, expected) in choices {
            #expect(
                try Self.sent("{\(Self.hello),\(tools),\"tool_choice\":\(choice)}")["tool_choice"]?.text == expected)
        }
        #expect(
            try Self.sent("{\(Self.hello),\(tools),\"parallel_tool_calls\":false}")["tool_choice"]?.text
                == #"{"type":"auto","disable_parallel_tool_use":true}"#)
    }

    @Test("images go along, from the web and in the message")
    func images() throws {
        let sent = try Self.sent(
            #"""
            {"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://h/a.png"}},
            {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]}]}
            """#)
        #expect(
            sent["messages"]?.text == #"""
                [{"role":"user","content":[{"type":"image","source":{"type":"url","url":"https://h/a.png"}},\#
                {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}]}]
                """#)
    }

    @Test("sampling is translated into Anthropic's names and ranges")
    func sampling() throws {
        let sent = try Self.sent(#"{\#(Self.hello),"temperature":1.7,"top_p":0.90,"stop":"x","user":"u","seed":1}"#)
        #expect(sent["temperature"]?.double == 1)
        #expect(sent["top_p"]?.text == "0.90")
        #expect(sent["stop_sequences"]?.text == #"["x"]"#)
        #expect(sent["metadata"]?["user_id"]?.string == "u")
        #expect(sent["seed"] == nil)
        #expect(try Self.sent(#"{\#(Self.hello),"stop":["x","y"]}"#)["stop_sequences"]?.text == #"["x","y"]"#)
    }

    @Test("a schema for the answer goes along in Anthropic's form")
    func schema() throws {
        let format = #""response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"}}}"#
        #expect(
            try Self.sent("{\(Self.hello),\(format)}")["output_config"]?.text
                == #"{"format":{"type":"json_schema","schema":{"type":"object"}}}"#)
        #expect(try Self.sent("{\(Self.hello)}")["output_config"] == nil)
    }

    @Test("ids of calls that Anthropic's servers would refuse are changed alike in call and result")
    func identifiers() throws {
        let sent = try Self.sent(
            #"""
            {"messages":[{"role":"user","content":"x"},{"role":"assistant","tool_calls":[
            {"id":"functions.f:0","type":"function","function":{"name":"f","arguments":"{}"}}]},
            {"role":"tool","tool_call_id":"functions.f:0","content":"3"}]}
            """#)
        #expect(sent["messages"]?.text.contains(#""type":"tool_use","id":"functions_f_0""#) == true)
        #expect(sent["messages"]?.text.contains(#""tool_use_id":"functions_f_0""#) == true)
    }

    @Test("a request that was said in Anthropic's format goes there in its own words")
    func original() throws {
        let body = #"""
            {"model":"hera","messages":[{"role":"user","content":"translated"}],"max_tokens":900,"stream":true}
            """#
        let own = #"""
            {"model":"hera","max_tokens":900,"top_k":5,"stream":true,"messages":[{"role":"user","content":[
            {"type":"text","text":"own","cache_control":{"type":"ephemeral"}}]}]}
            """#
        let original = OriginalRequest(
            dialect: .anthropic, document: try JSONDocument(Array(own.utf8)), betas: ["effort-2025-11-24", "b"])
        func call(_ wire: WireFormat, isStreaming: Bool = false) throws -> ChatCall {
            var call = try ChatCall.sample(body, wire: wire, isStreaming: isStreaming)
            call.original = original
            return call
        }
        let sent = try call(.anthropic).sent
        let header = try AnthropicWire().request(call(.anthropic)).headers.first { $0.0 == "anthropic-beta" }
        #expect(header?.1 == "effort-2025-11-24,b")
        #expect(sent["model"]?.string == "served-name")
        #expect(sent["max_tokens"]?.integer == 777, "no more than the model can write")
        #expect(sent["top_k"]?.integer == 5)
        #expect(sent["stream"] == nil)
        #expect(sent["messages"]?.text.contains("cache_control") == true)
        #expect(try call(.anthropic, isStreaming: true).sent["stream"]?.boolean == true)
        let other = try call(.openAI).sent
        #expect(
            other["messages"]?.text == #"[{"role":"user","content":"translated"}]"#,
            "other servers get the translation alone")
    }

    @Test(
        "what cannot be said is refused",
        arguments: [
            "[]", "{}", #"{"messages":[]}"#, #"{"messages":[{"role":"system","content":"only"}]}"#,
            #"{"messages":[{"role":"judge","content":"x"}]}"#, #"{"messages":[{"role":"tool","content":"x"}]}"#,
            #"{"messages":[{"role":"user","content":[{"type":"input_audio"}]}]}"#,
            #"{"messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_schema"}}"#,
            #"{"messages":[{"role":"user","content":"x"}],"n":2}"#,
            #"{"messages":[{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":"{"}}]}]}"#,
        ])
    func refused(body: String) throws {
        let call = try ChatCall.sample(body, wire: .anthropic)
        let error = #expect(throws: UpstreamError.self) { try AnthropicWire().request(call) }
        guard case .invalidRequest = error else {
            Issue.record("not called invalid: \(String(describing: error))")
            return
        }
    }
}
