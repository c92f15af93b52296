import Dialects
import Domain
import JSON
import TestSupport
import Testing
import Upstream

@Suite("Requests to Anthropic's Messages API, in OpenAI's format")
struct MessagesRequestTests {
    private static func chat(_ body: String) throws -> ChatRequest {
        try MessagesRequest(try JSONDocument(Array(body.utf8))).chat
    }

    private static func root(_ body: String) throws -> JSONValue { try chat(body).document.root }

    private static func text(_ value: JSONValue?) -> String? { value.map { String(decoding: $0.raw, as: UTF8.self) } }

    /// A request around some members and messages.
    private static func body(_ messages: String, _ members: String = "") -> String {
        #"{"model":"hera","max_tokens":100,"messages":[\#(messages)]\#(members.isEmpty ? "" : ",\(members)")}"#
    }

    private static let hello = #"{"role":"user","content":"hi"}"#

    @Test("system prompts, sampling, the user and hera's own member find their places")
    func members() throws {
        let root = try Self.root(
            Self.body(
                Self.hello,
                #"""
                "system":[{"type":"text","text":"one","cache_control":{"type":"ephemeral"}},{"type":"text","text":"two"}],
                "temperature":0.30,"top_p":0.9,"top_k":5,"stop_sequences":["END"],"stream":true,
                "metadata":{"user_id":"u1"},"hera":{"budget_usd":1},"service_tier":"auto"
                """#))
        #expect(
            Self.text(root["messages"]) == #"[{"role":"system","content":"one\n\ntwo"},{"role":"user","content":"hi"}]"#
        )
        #expect(root["max_tokens"]?.integer == 100)
        #expect(Self.text(root["temperature"]) == "0.30")
        #expect(Self.text(root["stop"]) == #"["END"]"#)
        #expect(root["user"]?.string == "u1")
        #expect(Self.text(root["hera"]) == #"{"budget_usd":1}"#)
        #expect(root["stream"]?.boolean == true)
        #expect(root["stream_options"]?["include_usage"]?.boolean == true)
        #expect(root["top_k"] == nil && root["service_tier"] == nil)
    }

    @Test("a system prompt within the conversation stays where it is")
    func systemWithin() throws {
        let root = try Self.root(
            Self.body(#"\#(Self.hello),{"role":"system","content":[{"type":"text","text":"Now in French."}]}"#))
        #expect(
            Self.text(root["messages"])
                == #"[{"role":"user","content":"hi"},{"role":"system","content":"Now in French."}]"#)
    }

    private static func original(_ body: String) throws -> JSONValue {
        let original = try #require(try chat(body).original)
        #expect(original.dialect == .anthropic)
        return original.document.root
    }

    @Test("the request in its own words goes along for Anthropic's servers, without what is not for them")
    func original() throws {
        let original = try Self.original(
            Self.body(
                Self.hello,
                #""system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral"}}],"top_k":5,"stream":true,"#
                    + #""hera":{"budget_usd":1},"speed":"fast","service_tier":"auto","thinking":{"type":"adaptive"},"#
                    + #""cache_control":{"type":"ephemeral"}"#))
        #expect(
            original.members.map(\.key).sorted() == [
                "cache_control", "max_tokens", "messages", "model", "system", "thinking", "top_k",
            ])
        #expect(Self.text(original["system"])?.contains("cache_control") == true)
    }

    @Test("an agent's turns become calls and results of tools, and what came with a result is no new request")
    func agent() throws {
        let request = try Self.chat(
            Self.body(
                #"""
                {"role":"user","content":[{"type":"text","text":"sum?"}]},
                {"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"s"},
                {"type":"text","text":"Let me see."},{"type":"tool_use","id":"a","name":"f","input":{"x": 1}},
                {"type":"tool_use","id":"b","name":"g","input":{}}]},
                {"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"3"},
                {"type":"tool_result","tool_use_id":"b","is_error":true,"content":[]},
                {"type":"text","text":"Be quick."}]}
                """#))
        #expect(
            Self.text(request.document.root["messages"]) == #"""
                [{"role":"user","content":"sum?"},{"role":"assistant","content":"Let me see.","tool_calls":[\#
                {"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\": 1}"}},\#
                {"id":"b","type":"function","function":{"name":"g","arguments":"{}"}}]},\#
                {"role":"tool","tool_call_id":"a","content":"3"},\#
                {"role":"tool","tool_call_id":"b","content":"The tool failed."},\#
                {"role":"user","content":"Be quick."}]
                """#)
        #expect(request.position == 2)
        let step = request.step(id: "s", runID: "r", previousModel: nil)
        #expect(step.text.prompt == "sum?")
        #expect(step.text.history.hasSuffix("3\nThe tool failed.\nBe quick."))
    }

    @Test("images of messages and of results of tools reach models that see")
    func images() throws {
        let request = try Self.chat(
            Self.body(
                #"""
                {"role":"user","content":[{"type":"text","text":"What is it?"},
                {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}},
                {"type":"image","source":{"type":"url","url":"https://h/a.png"}}]},
                {"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{}}]},
                {"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[
                {"type":"image","source":{"type":"base64","media_type":"image/gif","data":"BBBB"}}]}]}
                """#))
        #expect(request.needs == [.vision])
        #expect(request.position == 2, "the picture of a result is no new request")
        #expect(
            Self.text(request.document.root["messages"]) == #"""
                [{"role":"user","content":[{"type":"text","text":"What is it?"},\#
                {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}},\#
                {"type":"image_url","image_url":{"url":"https://h/a.png"}}]},\#
                {"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function",\#
                "function":{"name":"f","arguments":"{}"}}]},\#
                {"role":"tool","tool_call_id":"a","content":"The result is the image that follows."},\#
                {"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/gif;base64,BBBB"}}]}]
                """#)
    }

    @Test("a document that is text is read as text")
    func documents() throws {
        let root = try Self.root(
            Self.body(
                #"""
                {"role":"user","content":[
                {"type":"document","title":"T","source":{"type":"text","media_type":"text/plain","data":"words"}},
                {"type":"document","source":{"type":"content","content":[{"type":"text","text":"more"}]}}]}
                """#))
        #expect(
            Self.text(root["messages"])
                == #"[{"role":"user","content":[{"type":"text","text":"T"},{"type":"text","text":"words"},{"type":"text","text":"more"}]}]"#
        )
    }

    @Test("tools and the choice among them are translated")
    func tools() throws {
        let tools = #""tools":[{"name":"f","description":"d","input_schema":{"type":"object"},"cache_control":{}}]"#
        let request = try Self.chat(Self.body(Self.hello, tools))
        #expect(request.needs == [.tools])
        #expect(
            Self.text(request.document.root["tools"])
                == #"[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"}}}]"#)
        let choices = [
            (#"{"type":"auto"}"#, #""auto""#), (#"{"type":"any"}"#, #""required""#), (#"{"type":"none"}"#, #""none""#),
            (#"{"type":"tool","name":"f"}"#, #"{"type":"function","function":{"name":"f"}}"#),
        ]
        for (choice, expected) in choices {
            let root = try Self.root(Self.body(Self.hello, "\(tools),\"tool_choice\":\(choice)"))
            #expect(Self.text(root["tool_choice"]) == expected)
            #expect(root["parallel_tool_calls"] == nil)
        }
        let single = #""tool_choice":{"type":"auto","disable_parallel_tool_use":true}"#
        #expect(try Self.root(Self.body(Self.hello, "\(tools),\(single)"))["parallel_tool_calls"]?.boolean == false)
        #expect(try Self.root(Self.body(Self.hello, single))["tool_choice"] == nil, "no choice without tools")
    }

    @Test("a schema for the answer is asked for in OpenAI's form")
    func schema() throws {
        let request = try Self.chat(
            Self.body(
                Self.hello, #""output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}}"#))
        #expect(request.needs == [.structuredOutput])
        #expect(Self.text(request.document.root["response_format"]?["json_schema"]?["schema"]) == #"{"type":"object"}"#)
    }

    @Test("thinking is asked of Anthropic's servers unless the turn under way began without")
    func thinking() throws {
        func asksToThink(_ messages: String) throws -> Bool {
            let body = Self.body(messages, #""thinking":{"type":"enabled","budget_tokens":50}"#)
            #expect(try Self.root(body)["thinking"] == nil)
            return try Self.original(body)["thinking"] != nil
        }
        let call = #"{"type":"tool_use","id":"a","name":"f","input":{}}"#
        let result = #"{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"x"}]}"#
        let thought = #"{"type":"thinking","thinking":"hm","signature":"s"}"#
        #expect(try asksToThink(Self.hello))
        #expect(try !asksToThink(#"\#(Self.hello),{"role":"assistant","content":[\#(call)]},\#(result)"#))
        #expect(try asksToThink(#"\#(Self.hello),{"role":"assistant","content":[\#(thought),\#(call)]},\#(result)"#))
        #expect(
            try asksToThink(
                #"\#(Self.hello),{"role":"assistant","content":[\#(thought),\#(call)]},\#(result),{"role":"assistant","content":[\#(call)]},\#(result)"#
            ), "a turn thinks at its beginning")
        #expect(
            try asksToThink(
                #"\#(Self.hello),{"role":"assistant","content":[\#(call)]},\#(result),{"role":"assistant","content":"4"},\#(Self.hello)"#
            ), "a new request begins a new turn")
    }

    @Test("the calls of one run have one session, and marks for caches do not make another")
    func session() throws {
        func request(_ mark: String, _ rest: String = "") throws -> ChatRequest {
            try Self.chat(
                Self.body(#"{"role":"user","content":[{"type":"text","text":"a"\#(mark)}]}\#(rest)"#, #""system":"s""#))
        }
        let first = try request("")
        let second = try request(
            #","cache_control":{"type":"ephemeral"}"#, #",{"role":"assistant","content":"x"},\#(Self.hello)"#)
        #expect(first.sessionID == second.sessionID)
        #expect(second.position == 1)
    }

    @Test("no tokens are counted less than the request in its own words has bytes")
    func bound() throws {
        let thought = String(repeating: "x", count: 5000)
        let request = try Self.chat(
            Self.body(
                #"\#(Self.hello),{"role":"assistant","content":[{"type":"thinking","thinking":"\#(thought)","signature":"s"},{"type":"tool_use","id":"a","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"a"}]}"#
            ))
        #expect(request.step(id: "s", runID: "r", previousModel: nil).promptTokensAtMost > 5000)
    }

    @Test(
        "what is wrong or cannot be said is refused by its field",
        arguments: [
            (#"{"max_tokens":1,"messages":[\#(hello)]}"#, "model: is missing"),
            (#"{"model":"hera","messages":[\#(hello)]}"#, "max_tokens: must be"),
            (#"{"model":"hera","max_tokens":0,"messages":[\#(hello)]}"#, "max_tokens: must be"),
            (#"{"model":"hera","max_tokens":1}"#, "messages: is missing"),
            (#"{"model":"hera","max_tokens":1,"system":"s","messages":[]}"#, "messages: is empty"),
            (body(#"{"role":"judge","content":"x"}"#), "messages[0].role: must be one of user"),
            (body(#"{"role":"user"}"#), "messages[0].content: must be"),
            (body(#"{"role":"user","content":[{"type":"text"}]}"#), "messages[0].content[0].text: must be"),
            (body(#"{"role":"user","content":[{"type":"video"}]}"#), "messages[0].content[0].type: 'video' cannot"),
            (
                body(#"{"role":"user","content":[{"type":"document","source":{"type":"base64"}}]}"#),
                "messages[0].content[0].source.type: documents of type 'base64'"
            ),
            (
                body(#"{"role":"user","content":[{"type":"image","source":{"type":"disk"}}]}"#),
                "messages[0].content[0].source.type: 'disk' cannot"
            ),
            (
                body(#"{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":"x"}]}"#),
                "messages[0].content[0].input: must be an object"
            ),
            (body(#"{"role":"user","content":[{"type":"tool_result"}]}"#), "messages[0].content[0].tool_use_id: is"),
            (body(hello, #""system":[{"type":"image"}]"#), "system[0]: must be"),
            (
                body(hello, #""tools":[{"type":"web_search_20250305","name":"web_search"}]"#),
                "tools[0].type: 'web_search"
            ),
            (body(hello, #""tools":[{"name":"f"}]"#), "tools[0].input_schema: must be"),
            (body(hello, #""tool_choice":{"type":"some"}"#), "tool_choice.type: must be"),
            (body(hello, #""stop_sequences":"x""#), "stop_sequences: must be"),
            (body(hello, #""mcp_servers":[{"url":"https://h"}]"#), "mcp_servers: servers of tools"),
            (body(hello, #""stream":"yes""#), "stream: must be"),
        ])
    func refused(body: String, words: String) {
        let error = #expect(throws: FieldError.self) { try Self.chat(body) }
        #expect((error?.description ?? "").hasPrefix(words), "\(error?.description ?? "")")
    }

    @Test("a caller of chat cannot bring words of its own for Anthropic's servers")
    func smuggled() throws {
        let body = #"{"model":"hera","messages":[\#(Self.hello)],"anthropic":{"messages":[]}}"#
        let request = try ChatRequest(try JSONDocument(Array(body.utf8)))
        #expect(request.original == nil)
        let sent = try ChatCall.sample(body, wire: .anthropic).sent
        #expect(sent["anthropic"] == nil)
        #expect(Self.text(sent["messages"])?.contains("hi") == true)
    }
}
