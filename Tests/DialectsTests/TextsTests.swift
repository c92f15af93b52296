import Domain
import JSON
import Testing

@testable import Dialects

@Suite("Texts of requests and answers")
struct TextsTests {
    private static func document(_ text: String) throws -> JSONDocument { try JSONDocument(Array(text.utf8)) }

    @Test("what people, tools and models wrote is a text; names, ids, addresses and files are not")
    func requests() throws {
        let chat = try Self.document(
            #"""
            {"model":"m","user":"u","messages":[{"role":"system","content":"one"},
            {"role":"user","name":"n","content":[{"type":"text","text":"two"},{"type":"odd","words":"three"},
            {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]},
            {"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function",
            "function":{"name":"f","arguments":"{\"a\":4}"}}]},{"role":"tool","tool_call_id":"c","content":"five"}]}
            """#)
        #expect(JSONTexts(ofRequest: chat).texts == ["one", "two", "three", #"{"a":4}"#, "five"])
        let messages = try Self.document(
            #"""
            {"system":[{"type":"text","text":"one","cache_control":{"type":"ephemeral"}}],"messages":[
            {"role":"user","content":[{"type":"document","title":"two","source":
            {"type":"text","media_type":"text/plain","data":"three"}},{"type":"image","source":
            {"type":"base64","media_type":"image/png","data":"AAAA"}}]},
            {"role":"assistant","content":[{"type":"thinking","thinking":"sealed","signature":"s","text":"four"},
            {"type":"tool_use","id":"t","name":"f","input":{"name":"five","list":[{"id":"six"}]}}]},
            {"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"seven"}]}]}]}
            """#)
        #expect(JSONTexts(ofRequest: messages).texts == ["one", "two", "three", "four", "five", "six", "seven"])
        #expect(JSONTexts(ofRequest: try Self.document(#"{"input":["a","b"]}"#)).texts == ["a", "b"])
        // Which of two members with one name counts is not the same for all servers.
        let twice = try Self.document(#"{"messages":["a"],"messages":["b"]}"#)
        #expect(JSONTexts(ofRequest: twice).texts == ["a", "b"])
    }

    @Test("other texts replace them in place, and every other byte stays")
    func replaced() throws {
        let texts = JSONTexts(ofRequest: try Self.document(#"{"n": 1, "messages":[{"role":"user", "content":"a"}]}"#))
        let bytes = try texts.replaced(by: ["\"b\""]).bytes
        #expect(String(decoding: bytes, as: UTF8.self) == #"{"n": 1, "messages":[{"role":"user", "content":"\"b\""}]}"#)
    }

    @Test("a request in Anthropic's format changes in both dialects, and keeps its policy and its tools")
    func originals() throws {
        let request = try MessagesRequest(
            try Self.document(
                #"{"model":"hera","max_tokens":9,"system":"be kind","hera":{"budget_usd":1},"tools":[{"name":"f","input_schema":{"type":"object"}}],"messages":[{"role":"user","content":"secret"}]}"#
            )
        ).chat
        #expect(request.texts.texts == ["be kind", "secret"])
        let changed = try request.replacing(texts: ["be kind", "gone"])
        #expect(changed.messages.map(\.text) == ["be kind", "gone"])
        #expect(changed.original?.document.root["messages"]?[0]?["content"]?.string == "gone")
        #expect(changed.policy != nil && changed.tools != nil && changed.maxOutputTokens == 9)
        #expect(!String(decoding: changed.document.bytes, as: UTF8.self).contains("secret"))
    }

    @Test("optional sources change, too, and stay optional")
    func sources() throws {
        let body = try Self.document(
            #"{"model":"hera","messages":[{"role":"user","content":[{"type":"text","text":"When?"},{"type":"text","text":"secret","hera":{"source":"a","optional":true}}]}]}"#
        )
        let request = try ChatRequest(body)
        #expect(request.texts.texts == ["When?", "secret"])
        let changed = try request.replacing(texts: ["When?", "gone"])
        #expect(changed.sources?.request(sending: 1)?.messages[0].text == "When?\ngone")
        #expect(changed.sources?.request(sending: 0)?.messages[0].text == "When?")
    }

    @Test("all choices of a whole answer are texts, and change in its bytes and in what is read of it")
    func choices() throws {
        let body = Array(
            #"{"id":"x","choices":[{"index":0,"message":{"role":"assistant","content":"one"},"logprobs":{"content":[{"token":"one","logprob":-1}]}},{"index":1,"message":{"content":"two"}}]}"#
                .utf8)
        let answer = try OpenAIWire.readAnswer(try JSONDocument(body).root, host: "h")
        let texts = AnswerTexts(answer, openAIBytes: body)
        #expect(texts.texts == ["one", "two"])
        let changed = texts.replaced(by: ["1", "2"])
        #expect(changed.answer.text == "1" && changed.answer.rawLogProbabilities.isEmpty)
        let root = try JSONDocument(try #require(changed.openAIBytes)).root
        #expect(root["choices"]?.elements.map { $0["message"]?["content"]?.string } == ["1", "2"])
        #expect(root["choices"]?[0]?["logprobs"]?.isNull == true && root["id"]?.string == "x")
    }

    @Test("an answer of another dialect changes in its text, its refusal, its thinking and its calls")
    func answers() {
        var answer = ChatAnswer()
        answer.text = "a"
        answer.refusal = "b"
        answer.thinking = [ThinkingBlock(text: "c", signature: "s"), ThinkingBlock(text: "d", signature: "t")]
        answer.toolCalls = [ToolCall(id: "1", name: "f", arguments: #"{"e":1}"#)]
        let texts = AnswerTexts(answer, openAIBytes: nil)
        #expect(texts.texts == ["a", "b", "c", "d", #"{"e":1}"#])
        let changed = texts.replaced(by: ["A", "B", "c", "D", "{}"])
        #expect(changed.answer.text == "A" && changed.answer.refusal == "B" && changed.openAIBytes == nil)
        // A seal holds for the text that it was made for.
        #expect(changed.answer.thinking.map(\.text) == ["c"])
        #expect(changed.answer.toolCalls.map(\.arguments) == ["{}"])
    }
}
