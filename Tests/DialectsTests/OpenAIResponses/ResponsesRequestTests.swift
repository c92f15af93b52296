import Dialects
import Domain
import JSON
import Testing

@Suite("Requests to OpenAI's Responses API, in its chat format")
struct ResponsesRequestTests {
    private static func chat(_ body: String) throws -> ChatRequest {
        try ResponsesRequest(try JSONDocument(Array(body.utf8))).chat
    }

    private static func root(_ body: String) throws -> JSONValue { try chat(body).document.root }

    private static func text(_ value: JSONValue?) -> String? { value.map { String(decoding: $0.raw, as: UTF8.self) } }

    /// A request around some items and members.
    private static func body(_ items: String, _ members: String = "") -> String {
        #"{"model":"hera","input":[\#(items)]\#(members.isEmpty ? "" : ",\(members)")}"#
    }

    private static let hello = #"{"role":"user","content":"hi"}"#
    private static let call = #"{"type":"function_call","call_id":"a","name":"f","arguments":"{\"x\": 1}"}"#
    private static let result = #"{"type":"function_call_output","call_id":"a","output":"3"}"#

    @Test("a string is the user's, and instructions stand before it")
    func plain() throws {
        let root = try Self.root(#"{"model":"hera","instructions":"Be \u0062rief.","input":"h\"i"}"#)
        #expect(
            Self.text(root["messages"])
                == #"[{"role":"system","content":"Be \u0062rief."},{"role":"user","content":"h\"i"}]"#)
        #expect(try Self.root(#"{"model":"hera","instructions":"","input":"x"}"#)["messages"]?.count == 1)
    }

    @Test("sampling, limits, the form of the text, reasoning and hera's own member find their places")
    func members() throws {
        let request = try Self.chat(
            Self.body(
                Self.hello,
                #"""
                "max_output_tokens":100,"temperature":0.30,"top_p":0.9,"stream":true,"user":"u1","hera":{"budget_usd":1},
                "reasoning":{"effort":"low","summary":"auto"},"safety_identifier":"s","prompt_cache_key":"k",
                "text":{"verbosity":"low","format":{"type":"json_schema","name":"n","strict":true,"schema":{"type":"object"}}},
                "store":true,"include":["reasoning.encrypted_content"],"service_tier":"auto","truncation":"disabled",
                "metadata":{"a":"b"},"background":false,"previous_response_id":null,"tool_choice":"auto",
                "parallel_tool_calls":false,"something_new":1
                """#))
        #expect(request.needs == [.structuredOutput] && request.isStream && request.wantsUsageChunk)
        #expect(
            Self.text(request.document.root) == #"""
                {"model":"hera","messages":[{"role":"user","content":"hi"}],"max_tokens":100,"temperature":0.30,\#
                "top_p":0.9,"reasoning_effort":"low","user":"u1","prompt_cache_key":"k","stream":true,\#
                "stream_options":{"include_usage":true},"response_format":{"type":"json_schema",\#
                "json_schema":{"name":"n","strict":true,"schema":{"type":"object"}}},"verbosity":"low",\#
                "hera":{"budget_usd":1}}
                """#, "no choice without tools, and nothing that servers may not know")
        for (format, expected) in [
            (#"{"type":"text"}"#, nil), (#"{"type":"json_object"}"#, #"{"type":"json_object"}"#),
        ] {
            let root = try Self.root(Self.body(Self.hello, #""text":{"format":\#(format)}"#))
            #expect(Self.text(root["response_format"]) == expected)
        }
    }

    @Test("what the assistant said and called is one message, and reasoning is left out")
    func agent() throws {
        let request = try Self.chat(
            Self.body(
                #"""
                {"role":"developer","content":"d"},{"type":"message","role":"user","content":[{"type":"input_text","text":"sum?"}]},
                {"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"x"},
                {"type":"message","id":"msg_1","status":"completed","role":"assistant",
                "content":[{"type":"output_text","text":"Let me see.","annotations":[],"logprobs":[]}]},\#(Self.call),
                {"type":"function_call","id":"fc_2","call_id":"b","name":"g","arguments":"{}","status":"completed"},
                \#(Self.result),{"type":"function_call_output","call_id":"b","output":[{"type":"input_text","text":"4"}]},
                {"type":"reasoning","id":"rs_2","summary":[]},{"role":"assistant","content":"7"}
                """#))
        #expect(
            Self.text(request.document.root["messages"]) == #"""
                [{"role":"system","content":"d"},{"role":"user","content":"sum?"},\#
                {"role":"assistant","content":"Let me see.","tool_calls":[\#
                {"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\": 1}"}},\#
                {"id":"b","type":"function","function":{"name":"g","arguments":"{}"}}]},\#
                {"role":"tool","tool_call_id":"a","content":"3"},{"role":"tool","tool_call_id":"b","content":"4"},\#
                {"role":"assistant","content":"7"}]
                """#)
        #expect(request.position == 3)
    }

    @Test("words between calls and their results do not part the two, and two messages stay two")
    func order() throws {
        let said = #"{"role":"assistant","content":"wait"}"#
        let between = try Self.root(Self.body("\(Self.hello),\(Self.call),\(said),\(Self.result)"))
        #expect(
            Self.text(between["messages"]) == #"""
                [{"role":"user","content":"hi"},{"role":"assistant","content":"wait","tool_calls":[\#
                {"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\": 1}"}}]},\#
                {"role":"tool","tool_call_id":"a","content":"3"}]
                """#)
        let twice = try Self.root(Self.body("\(Self.hello),\(said),\(said),\(Self.hello)"))
        #expect(twice["messages"]?.count == 4)
    }

    @Test("images of messages and of results reach models that see, and those of results are no new request")
    func images() throws {
        let request = try Self.chat(
            Self.body(
                #"""
                {"role":"user","content":[{"type":"input_text","text":"What is it?"},
                {"type":"input_image","image_url":"data:image/png;base64,AAAA","detail":"auto"},
                {"type":"input_image","image_url":"https://h/a.png","detail":"high"}]},\#(Self.call),
                {"type":"function_call_output","call_id":"a","output":[{"type":"input_image","image_url":"https://h/b.png"}]},
                {"type":"function_call_output","call_id":"b","output":""}
                """#))
        #expect(request.needs == [.vision])
        #expect(request.position == 2)
        #expect(
            Self.text(request.document.root["messages"]) == #"""
                [{"role":"user","content":[{"type":"text","text":"What is it?"},\#
                {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}},\#
                {"type":"image_url","image_url":{"url":"https://h/a.png","detail":"high"}}]},\#
                {"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function",\#
                "function":{"name":"f","arguments":"{\"x\": 1}"}}]},\#
                {"role":"tool","tool_call_id":"a","content":"The result is the image that follows."},\#
                {"role":"tool","tool_call_id":"b","content":""},\#
                {"role":"user","content":[{"type":"image_url","image_url":{"url":"https://h/b.png"}}]}]
                """#)
    }

    @Test("a refusal is what the assistant said")
    func refusal() throws {
        let item = #"{"role":"assistant","content":[{"type":"refusal","refusal":"No."}]}"#
        let root = try Self.root(Self.body("\(Self.hello),\(item)"))
        #expect(Self.text(root["messages"])?.hasSuffix(#"{"role":"assistant","content":"No."}]"#) == true)
    }

    @Test("functions and the choice among them are translated")
    func tools() throws {
        let tools =
            #""tools":[{"type":"function","name":"f","description":"d","parameters":{"type":"object"},"strict":true},{"type":"function","name":"g","parameters":null,"strict":null}]"#
        let request = try Self.chat(Self.body(Self.hello, tools))
        #expect(request.needs == [.tools])
        #expect(
            Self.text(request.document.root["tools"]) == #"""
                [{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"},\#
                "strict":true}},{"type":"function","function":{"name":"g"}}]
                """#)
        #expect(request.document.root["parallel_tool_calls"] == nil)
        let choices = [
            (#""auto""#, #""auto""#), (#""none""#, #""none""#), (#""required""#, #""required""#),
            (#"{"type":"function","name":"f"}"#, #"{"type":"function","function":{"name":"f"}}"#),
        ]
        for (choice, expected) in choices {
            let root = try Self.root(
                Self.body(Self.hello, "\(tools),\"tool_choice\":\(choice),\"parallel_tool_calls\":false"))
            #expect(Self.text(root["tool_choice"]) == expected)
            #expect(root["parallel_tool_calls"]?.boolean == false)
        }
    }

    @Test("members that are not known are left out, and very many are refused before they cost time")
    func unknown() throws {
        func body(_ count: Int) -> String {
            Self.body(Self.hello, (0..<count).map { "\"a\($0)\":1" }.joined(separator: ","))
        }
        #expect(try Self.root(body(100)).count == 2)
        let error = #expect(throws: FieldError.self) { try Self.root(body(500)) }
        #expect(error?.problem.contains("more than 200 members") == true)
    }

    @Test(
        "what is wrong or cannot be said is refused by its field",
        arguments: [
            (#"[]"#, "the body must be"),
            (#"{"input":"x"}"#, "model: is missing"),
            (#"{"model":1,"input":"x"}"#, "model: is missing"),
            (#"{"model":"hera"}"#, "input: is missing"),
            (#"{"model":"hera","input":{}}"#, "input: is missing"),
            (#"{"model":"hera","input":[]}"#, "input: is empty"),
            (body(#"{"type":"reasoning","summary":[]}"#), "input: is empty"),
            (#"{"model":"hera","input":"x","instructions":["a"]}"#, "instructions: must be a string"),
            (body("3"), "input[0]: must be an item"),
            (body(#"{"role":"judge","content":"x"}"#), "input[0].role: must be one of user"),
            (body(#"{"role":"user"}"#), "input[0].content: must be"),
            (body(#"{"role":"user","content":[{"type":"input_text"}]}"#), "input[0].content[0].text: must be"),
            (body(#"{"role":"assistant","content":[{"type":"refusal"}]}"#), "input[0].content[0].refusal: must be"),
            (body(#"{"role":"user","content":[{"type":"input_file"}]}"#), "input[0].content[0].file_data: must be"),
            (
                body(#"{"role":"user","content":[{"type":"input_file","file_url":"https://h/a.pdf"}]}"#),
                "input[0].content[0].file_data: must be"
            ),
            (
                body(#"{"role":"user","content":[{"type":"input_image","file_id":"f"}]}"#),
                "input[0].content[0].image_url: must be an address"
            ),
            (body(#"{"type":"item_reference","id":"msg_1"}"#), "input[0]: refers to an item that is stored"),
            (body(#"{"id":"msg_1"}"#), "input[0]: refers to an item that is stored"),
            (body(#"{"type":"file_search_call","id":"w"}"#), "input[0].type: 'file_search_call' cannot"),
            (body(#"{"type":"function_call","call_id":"a","name":"f"}"#), "input[0].arguments: must be"),
            (body(#"{"type":"function_call","call_id":"a","arguments":""}"#), "input[0].name: must be"),
            (body(#"{"type":"function_call","name":"f","arguments":""}"#), "input[0].call_id: must be"),
            (body(#"{"type":"function_call_output","output":""}"#), "input[0].call_id: must be"),
            (body(#"{"type":"function_call_output","call_id":"a","output":{}}"#), "input[0].output: must be"),
            (body(hello, #""tools":{}"#), "tools: must be a list"),
            (body(hello, #""tools":[{"type":"web_search"}]"#), "tools[0].type: 'web_search' is a tool of OpenAI's own"),
            (body(hello, #""tools":[{"type":"mcp","server_label":"x"}]"#), "tools[0].type: 'mcp'"),
            (body(hello, #""tools":[{"type":"custom"}]"#), "tools[0].name: must be"),
            (body(hello, #""tools":[{"type":"namespace","tools":[]}]"#), "tools[0].name: must be"),
            (
                body(hello, #""tools":[{"type":"namespace","name":"n","tools":[{"type":"mcp"}]}]"#),
                "tools[0].tools[0].type: 'mcp'"
            ),
            (body(hello, #""tools":[{"type":"function"}]"#), "tools[0].name: must be"),
            (body(hello, #""tools":[{"type":"function","name":"f","parameters":[]}]"#), "tools[0].parameters: must be"),
            (body(hello, #""tool_choice":"any""#), "tool_choice: must be auto"),
            (body(hello, #""tool_choice":{"type":"allowed_tools"}"#), "tool_choice.tools: must be a list"),
            (
                body(hello, #""tool_choice":{"type":"allowed_tools","tools":[{"type":"function","name":"g"}]}"#),
                "tool_choice.tools[0]: must be one of"
            ),
            (body(hello, #""tool_choice":{"type":"mcp"}"#), "tool_choice.type: must be function"),
            (body(hello, #""tool_choice":{"type":"function"}"#), "tool_choice.name: must be"),
            (body(hello, #""parallel_tool_calls":1"#), "parallel_tool_calls: must be true or false"),
            (body(hello, #""conversation":"conv_1""#), "conversation: conversations are not stored here"),
            (body(hello, #""prompt":{"id":"p"}"#), "prompt: prompts that are stored at OpenAI"),
            (body(hello, #""background":true"#), "background: must be false"),
            (body(hello, #""store":"yes""#), "store: must be true or false"),
            (body(hello, #""truncation":"some""#), "truncation: must be auto or disabled"),
            (body(hello, #""context_management":[{"type":"compaction"}]"#), "context_management: nothing is compacted"),
            (body(hello, #""service_tier":"priority""#), "service_tier: is the policy's to say"),
            (body(hello, #""top_logprobs":21"#), "top_logprobs: must be"),
            (body(hello, #""include":"a""#), "include: must be a list"),
            (body(hello, #""max_output_tokens":0"#), "max_output_tokens: must be"),
            (body(hello, #""temperature":"warm""#), "temperature: must be"),
            (body(hello, #""top_p":2"#), "top_p: must be"),
            (body(hello, #""reasoning":"low""#), "reasoning: must be an object"),
            (body(hello, #""reasoning":{"effort":1}"#), "reasoning.effort: must be"),
            (body(hello, #""text":"x""#), "text: must be an object"),
            (body(hello, #""text":{"verbosity":"loud"}"#), "text.verbosity: must be"),
            (body(hello, #""text":{"format":{"type":"xml"}}"#), "text.format.type: must be"),
            (body(hello, #""text":{"format":{"type":"json_schema","schema":{}}}"#), "text.format.name: must be"),
            (body(hello, #""text":{"format":{"type":"json_schema","name":"n"}}"#), "text.format.schema: must be"),
            (body(hello, #""metadata":{"a":1}"#), "metadata: must be"),
            (body(hello, #""prompt_cache_key":1"#), "prompt_cache_key: must be"),
            (body(hello, #""stream":"yes""#), "stream: must be"),
        ])
    func refused(body: String, words: String) {
        let error = #expect(throws: FieldError.self) { try Self.chat(body) }
        #expect((error?.description ?? "").hasPrefix(words), "\(error?.description ?? "")")
    }
}
