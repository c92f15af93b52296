import Dialects
import Domain
import JSON
import TestSupport
import Testing
import Upstream

/// Chats in OpenAI's format that are said in Anthropic's and back again.
@Suite("Translations of requests there and back")
struct TranslationTests {
    @Test("any chat means the same after both translations")
    func anyChat() throws {
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<300 {
            let chat = Chat(&generator)
            let endpoint = Endpoint(baseURL: "http://h/v1", wire: .anthropic, modelName: "hera", keyVariable: nil)
            let call = ChatCall(
                endpoint: endpoint, credentials: .none, body: try JSONDocument(Array(chat.json.utf8)),
                isStreaming: false,
                maximumOutputTokens: 4096)
            let there = try AnthropicWire().request(call).body
            let back = try MessagesRequest(try JSONDocument(there)).chat.document.root
            #expect(try Meaning(back) == Meaning(JSONDocument(Array(chat.json.utf8)).root), "\(chat.json)")
        }
    }
}

/// What a chat says, whatever its spelling: texts of a message are one, as are neighbouring messages of one role.
private struct Meaning: Equatable {
    var messages: [String] = []
    var members: [String: String] = [:]

    init(_ root: JSONValue) throws {
        for message in root["messages"].map({ Array($0.elements) }) ?? [] {
            let role = message["role"]?.string ?? ""
            var said: [String] = []
            if let text = message["content"]?.string {
                if !text.isEmpty { said.append(text) }
            } else {
                for part in message["content"].map({ Array($0.elements) }) ?? [] {
                    said.append(part["text"]?.string ?? part["image_url"]?["url"]?.string ?? "?")
                }
            }
            for call in message["tool_calls"].map({ Array($0.elements) }) ?? [] {
                let arguments = call["function"]?["arguments"]?.string ?? ""
                said.append("call \(call["id"]?.string ?? "") \(call["function"]?["name"]?.string ?? "") \(arguments)")
            }
            let id = message["tool_call_id"]?.string.map { " \($0)" } ?? ""
            if let last = messages.last, last.hasPrefix("\(role)\(id):"), role != "tool" {
                messages[messages.count - 1] = ([last] + said).joined(separator: "|")
            } else {
                messages.append((["\(role)\(id):"] + said).joined(separator: "|"))
            }
        }
        for name in [
            "max_tokens", "temperature", "top_p", "stop", "tools", "tool_choice", "parallel_tool_calls", "user",
        ] {
            // One letter of the random words is spelled in two ways.
            members[name] = root[name].map {
                String(decoding: $0.raw, as: UTF8.self).replacing(#"\u00e9"#, with: "é")
            }
        }
    }
}

/// A random chat of an agent.
private struct Chat {
    private(set) var json = ""

    init(_ generator: inout SeededGenerator) {
        func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &generator) }
        func text() -> String {
            let words = ["a", "ü", #"\""#, #"\\"#, #"\n"#, "日本", "{}", #"\u00e9"#]
            return "\"" + (0...below(5)).map { _ in words[below(words.count)] }.joined() + "\""
        }
        func content() -> String {
            guard below(3) == 0 else { return text() }
            let parts = (0...below(2)).map { _ in
                below(3) == 0
                    ? #"{"type":"image_url","image_url":{"url":"data:image/png;base64,AA\#(below(9))="}}"#
                    : #"{"type":"text","text":\#(text())}"#
            }
            return "[\(parts.joined(separator: ","))]"
        }
        var messages: [String] = []
        if below(2) == 0 { messages.append(#"{"role":"system","content":\#(text())}"#) }
        for turn in 0...below(3) {
            messages.append(#"{"role":"user","content":\#(content())}"#)
            for step in 0..<below(3) {
                let ids = (0...below(2)).map { "call_\(turn)_\(step)_\($0)" }
                let calls = ids.map {
                    #"{"id":"\#($0)","type":"function","function":{"name":"f","arguments":"{\"a\": \#(below(9))}"}}"#
                }
                let said = below(2) == 0 ? "null" : text()
                messages.append(
                    #"{"role":"assistant","content":\#(said),"tool_calls":[\#(calls.joined(separator: ","))]}"#)
                for id in ids { messages.append(#"{"role":"tool","tool_call_id":"\#(id)","content":\#(text())}"#) }
            }
            messages.append(#"{"role":"assistant","content":\#(text())}"#)
        }
        messages.append(#"{"role":"user","content":\#(content())}"#)
        var members = [#""model":"hera""#, #""messages":[\#(messages.joined(separator: ","))]"#]
        members.append(#""max_tokens":\#(1 + below(4000))"#)
        if below(2) == 0 { members.append(#""temperature":0.\#(1 + below(9))"#) }
        if below(2) == 0 { members.append(#""top_p":0.\#(1 + below(9))"#) }
        if below(2) == 0 { members.append(#""stop":["x",\#(text())]"#) }
        if below(2) == 0 { members.append(#""user":"u\#(below(9))""#) }
        if below(2) == 0 {
            members.append(
                #""tools":[{"type":"function","function":{"name":"f","description":\#(text()),"parameters":{"type":"object"}}}]"#
            )
            let choices = [
                #""auto""#, #""none""#, #""required""#, #"{"type":"function","function":{"name":"f"}}"#,
            ]
            let choice = below(5)
            if choice < 4 { members.append(#""tool_choice":\#(choices[choice])"#) }
            if choice != 1, choice < 4, below(2) == 0 { members.append(#""parallel_tool_calls":false"#) }
        }
        json = "{\(members.joined(separator: ","))}"
    }
}
