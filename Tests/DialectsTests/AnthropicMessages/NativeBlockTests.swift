import Dialects
import Domain
import JSON
import Testing

@Suite("Blocks and tools that Anthropic's format alone can say")
struct NativeBlockTests {
    private static func chat(_ content: String, _ members: String = "") throws -> ChatRequest {
        let rest = members.isEmpty ? "" : ",\(members)"
        let body =
            #"{"model":"hera","max_tokens":9,"messages":[{"role":"user","content":[\#(content)]}]\#(rest)}"#
        return try MessagesRequest(try JSONDocument(Array(body.utf8))).chat
    }

    private static let words = #"{"type":"text","text":"x"}"#
    private static let pdf = #"""
        {"type":"document","title":"a.pdf","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0="}}
        """#

    @Test(
        "tools that the client runs by Anthropic's schema go to its servers as they are",
        arguments: ["bash_20250124", "text_editor_20250728", "memory_20250818", "computer_20250124"])
    func clientRun(type: String) throws {
        let chat = try Self.chat(Self.words, #""tools":[{"type":"\#(type)","name":"t","display_width_px":9}]"#)
        #expect(chat.wireNeed == WireNeed(.anthropic, for: "tools[0].type \(type)"))
        #expect(chat.needs == [.tools])
        #expect(chat.original?.document.root["tools"]?[0]?["type"]?.string == type)
        #expect(chat.original?.document.root["tools"]?[0]?["display_width_px"]?.integer == 9)
    }

    @Test("tools that run at Anthropic are refused with what is missing")
    func serverRun() {
        let error = #expect(throws: FieldError.self) {
            try Self.chat(Self.words, #""tools":[{"type":"web_search_20250305","name":"web_search"}]"#)
        }
        #expect(error?.field == "tools[0].type" && error?.problem.contains("price") == true)
    }

    @Test("a PDF needs a model that reads PDFs, in any format")
    func pdf() throws {
        let chat = try Self.chat(Self.pdf)
        #expect(chat.needs == [.pdf] && chat.wireNeed == nil)
        let file = chat.document.root["messages"]?[0]?["content"]?[0]?["file"]
        #expect(file?["filename"]?.string == "a.pdf")
        #expect(file?["file_data"]?.string == "data:application/pdf;base64,JVBERi0=")
    }

    @Test(
        "what only Anthropic's servers fetch or know needs one of them",
        arguments: [
            #"{"type":"document","source":{"type":"url","url":"https://h/a.pdf"}}"#,
            #"{"type":"document","source":{"type":"file","file_id":"file_1"}}"#,
            #"{"type":"image","source":{"type":"file","file_id":"file_1"}}"#,
            #"{"type":"search_result","source":"https://h","title":"T","content":[{"type":"text","text":"w"}]}"#,
            #"{"type":"tool_result","tool_use_id":"a","content":[{"type":"search_result","source":"s","title":"T","content":[]}]}"#,
        ])
    func native(block: String) throws {
        let chat = try Self.chat("\(block),\(Self.words)")
        #expect(chat.wireNeed?.wire == .anthropic)
    }

    @Test("a file by its id may fill a model's context, a PDF no more than four tokens a byte")
    func tokens() throws {
        func step(_ block: String) throws -> Step {
            try Self.chat(block).step(id: "s", runID: "r", previousModel: nil)
        }
        let unknown = try step(#"{"type":"document","source":{"type":"file","file_id":"file_1"}}"#)
        #expect(unknown.files.hasUnknownSize)
        let data = String(repeating: "A", count: 40_000)
        let known = try step(
            #"{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"\#(data)"}}"#)
        #expect(!known.files.hasUnknownSize)
        #expect((120_000...130_000).contains(known.promptTokensAtMost), "four tokens a byte of 30,000")
        #expect(known.promptTokens < 10_000)
    }

    @Test("thinking tokens of newer counts are reasoning")
    func thinkingTokens() throws {
        let body = #"""
            {"type":"message","content":[{"type":"text","text":"x"}],"stop_reason":"end_turn",
            "usage":{"input_tokens":10,"output_tokens":50,"thinking_tokens":30}}
            """#
        let usage = try #require(try AnthropicWire().answer(Array(body.utf8), host: "h").answer.usage)
        #expect(usage.reasoning == 30 && usage.output == 20 && usage.completionTokens == 50)
    }
}

@Suite("Notes in place of what no model reads")
struct UnreadablePartsTests {
    private static let pdf = #"""
        {"type":"document","title":"a.pdf","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0="}}
        """#

    private static func chat(_ messages: String) throws -> ChatRequest {
        let body = #"{"model":"hera","max_tokens":9,"messages":[\#(messages)]}"#
        return try MessagesRequest(try JSONDocument(Array(body.utf8))).chat
    }

    private static func result(_ block: String) -> String {
        #"""
        {"role":"user","content":"read"},
        {"role":"assistant","content":[{"type":"tool_use","id":"a","name":"Read","input":{}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[\#(block)]}]}
        """#
    }

    @Test("a PDF in a tool's result is noted in both forms of the request")
    func result() throws {
        let chat = try #require(try Self.chat(Self.result(Self.pdf)).noting(UnreadableParts([.pdf])))
        #expect(chat.needs == [])
        #expect(chat.document.root["messages"]?[3]?["content"]?[0]?["text"]?.string?.contains("'a.pdf'") == true)
        let original = chat.original?.document.root["messages"]?[2]?["content"]?[0]?["content"]?[0]
        #expect(original?["type"]?.string == "text" && original?["text"]?.string?.contains("'a.pdf'") == true)
        #expect(chat.position == 2, "the note begins no new request")
    }

    @Test("what the newest request itself brings is not noted, and nothing that some model reads")
    func newest() throws {
        #expect(
            try Self.chat(#"{"role":"user","content":[\#(Self.pdf)]}"#).noting(UnreadableParts([.pdf])) == nil)
        #expect(try Self.chat(Self.result(Self.pdf)).noting(UnreadableParts([.vision])) == nil)
    }

    @Test("an image of an earlier request is noted")
    func image() throws {
        let image = #"{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}"#
        let chat = try Self.chat(
            #"{"role":"user","content":[\#(image)]},{"role":"assistant","content":"y"},{"role":"user","content":"z"}"#)
        let noted = try #require(chat.noting(UnreadableParts([.vision])))
        #expect(noted.needs == [])
        #expect(noted.document.root["messages"]?[0]?["content"]?[0]?["type"]?.string == "text")
    }
}
