import Dialects
import Domain
import JSON
import Testing

@Suite("Chat requests")
struct ChatRequestTests {
    private func request(_ text: String) throws -> ChatRequest { try ChatRequest(try JSONDocument(Array(text.utf8))) }

    @Test("position counts the assistant's turns since the last request of the user")
    func position() throws {
        let user = #"{"role":"user","content":"go"}"#
        let assistant = #"{"role":"assistant","content":"x"}"#
        let tool = #"{"role":"tool","tool_call_id":"1","content":"y"}"#
        func position(_ messages: [String]) throws -> Int {
            try request(#"{"model":"hera","messages":[\#(messages.joined(separator: ","))]}"#).position
        }
        #expect(try position([user]) == 1)
        #expect(try position([user, assistant, tool]) == 2)
        #expect(try position([user, assistant, tool, assistant, tool]) == 3)
        #expect(try position([user, assistant, user]) == 1)
    }

    @Test("the calls of one run have one session, other runs another")
    func session() throws {
        let first = try request(#"{"model":"hera","messages":[{"role":"user","content":"a"}]}"#)
        let second = try request(
            #"{"model":"hera","messages":[{"role":"user","content":"a"},{"role":"assistant","content":"x"}]}"#)
        let other = try request(#"{"model":"hera","messages":[{"role":"user","content":"b"}]}"#)
        #expect(first.sessionID == second.sessionID)
        #expect(first.sessionID != other.sessionID)
    }

    @Test(
        "an image is counted as an image, whether its bytes are in the message or elsewhere",
        arguments: ["https://a.example/i.png", "data:image/png;base64," + String(repeating: "A", count: 1_000_000)])
    func images(url: String) throws {
        let text = #"{"type":"text","text":"What is it?"}"#
        let image = #"{"type":"image_url","image_url":{"url":"\#(url)"}}"#
        func step(_ parts: [String]) throws -> Step {
            try request(#"{"model":"hera","messages":[{"role":"user","content":[\#(parts.joined(separator: ","))]}]}"#)
                .step(id: "s", runID: "r", previousModel: nil)
        }
        let (none, two) = (try step([text]), try step([text, image, image]))
        #expect((2000..<2010).contains(two.promptTokens - none.promptTokens))
        // The dearest model known bills 48,169 tokens for one.
        #expect((100_000..<100_010).contains(two.promptTokensAtMost - none.promptTokensAtMost))
        #expect(two.needs == [.vision])
        #expect(two.images == 2 && two.cachedImages == 0 && none.images == 0)
    }

    @Test("what an agent called, and with which arguments, is part of the words of its next step")
    func history() throws {
        let step = try request(
            #"{"model":"hera","messages":[{"role":"user","content":"17*4?"},{"role":"assistant","content":"Let me see.","tool_calls":[{"id":"1","type":"function","function":{"name":"calculator","arguments":"{\"expression\":\"17*4\"}"}}]},{"role":"tool","tool_call_id":"1","content":"68"}]}"#
        ).step(id: "s", runID: "r", previousModel: nil)
        #expect(step.text.prompt == "17*4?")
        #expect(
            step.text.history
                == #"""
                Let me see.
                {"name":"calculator","arguments":"{\"expression\":\"17*4\"}"}
                68
                """#)
    }

    @Test(
        "what else of a body may come into the prompt is set aside for, and a server's own words about tools and forms",
        arguments: ["tools", "functions", "response_format"])
    func beside(member: String) throws {
        func most(_ members: String) throws -> Int {
            try request(#"{"model":"hera","messages":[{"role":"user","content":"hi"}]\#(members)}"#)
                .step(id: "s", runID: "r", previousModel: nil).promptTokensAtMost
        }
        let words = String(repeating: "w", count: 3000)
        let value = #"{"type":"json_schema","description":"\#(words)"}"#
        let list = member == "response_format" ? value : "[\(value)]"
        let added = try most(#","\#(member)":\#(list)"#) - most("")
        // Anthropic adds up to 530 tokens.
        #expect((3000 + 530..<3000 + 1500).contains(added))
        #expect(try most(#","metadata":{"of":"\#(words)"}"#) - most("") < 3100)
        // A policy goes to no server.
        #expect(try most(#","hera":{"of":"\#(words)"}"#) - most("") < 100)
    }

    @Test("what the request needs of a model is read off it")
    func needs() throws {
        let body =
            #"{"model":"hera","stream":true,"max_completion_tokens":9,"tools":[{"type":"function"}],"response_format":{"type":"json_schema"},"messages":[{"role":"user","content":[{"type":"text","text":"see"},{"type":"image_url"}]}]}"#
        let request = try request(body)
        #expect(request.needs == [.tools, .structuredOutput, .vision])
        #expect(request.isStream)
        #expect(request.maxOutputTokens == 9)
        #expect(request.messages[0].text == "see")
        let step = request.step(id: "s", runID: "r", previousModel: nil)
        #expect(step.text.prompt == "see")
        #expect(step.promptTokensAtMost > step.promptTokens)
    }

    @Test(
        "a wrong request says which field and what to do",
        arguments: [
            (#"[]"#, "the body must be a JSON object"),
            (#"{"messages":[]}"#, "model: is missing"),
            (#"{"model":"hera"}"#, "messages: is missing"),
            (#"{"model":"hera","messages":[]}"#, "messages: is empty"),
            (
                #"{"model":"hera","messages":[{"role":"robot","content":""}]}"#,
                "messages[0].role: must be one of system"
            ),
            (#"{"model":"hera","messages":["hi"]}"#, "messages[0]: must be an object"),
            (#"{"model":"hera","messages":[{"role":"user","content":"x"}],"n":0}"#, "n: must be a whole number from 1"),
            (#"{"model":"hera","messages":[{"role":"user","content":"x"}],"max_tokens":0}"#, "max_tokens: must be"),
            (
                #"{"model":"hera","messages":[{"role":"user","content":"x"}],"web_search_options":{}}"#,
                "web_search_options: has a price"
            ),
            (#"{"model":"hera","messages":[{"role":"user","content":"x"}],"plugins":[]}"#, "plugins: has a price"),
        ])
    func wrong(body: String, message: String) {
        let error = #expect(throws: FieldError.self) { try request(body) }
        #expect((error?.description ?? "").hasPrefix(message))
    }
}
