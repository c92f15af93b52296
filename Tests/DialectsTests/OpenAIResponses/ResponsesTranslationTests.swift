import Dialects
import Domain
import Foundation
import JSON
import TestSupport
import Testing

/// Conversations that are said to the Responses API, held against the chat format and against a reading by Foundation.
@Suite("Conversations said to the Responses API")
struct ResponsesTranslationTests {
    @Test("a conversation is the same step as the same one said in the chat format, byte for byte")
    func sameStep() throws {
        var generator = SeededGenerator(seed: 21)
        for _ in 0..<300 {
            let agent = AgentChat(&generator)
            let chat = try ChatRequest(try JSONDocument(Array(agent.chat.utf8)))
            let said = try ResponsesRequest(try JSONDocument(Array(agent.responses.utf8))).chat
            #expect(
                said.document.root["messages"].map { Array($0.raw) }
                    == chat.document.root["messages"].map { Array($0.raw) })
            #expect(said.tools.map { Array($0.raw) } == chat.tools.map { Array($0.raw) })
            #expect(said.position == chat.position && said.sessionID == chat.sessionID)
            let step = said.step(id: "s", runID: said.sessionID, previousModel: "m")
            let expected = chat.step(id: "s", runID: chat.sessionID, previousModel: "m")
            #expect(step.text.prompt == expected.text.prompt && step.text.history == expected.text.history)
            #expect(step.text.tools == expected.text.tools)
            #expect(step.promptTokens == expected.promptTokens && step.cachedTokens == expected.cachedTokens)
            // Every byte of a body is set aside for.
            #expect(
                step.promptTokensAtMost - said.document.bytes.count
                    == expected.promptTokensAtMost - chat.document.bytes.count)
            #expect(step.maxOutputTokens == expected.maxOutputTokens && step.needs == expected.needs)
            #expect(step.history == expected.history)
        }
    }

    @Test("any items mean the same after the translation")
    func anyItems() throws {
        var generator = SeededGenerator(seed: 22)
        for _ in 0..<500 {
            let items = (0...Int.random(in: 0...9, using: &generator)).map { _ in Self.item(&generator) }
            let body = #"{"model":"hera","input":[\#(items.joined(separator: ","))]}"#
            let request = try? ResponsesRequest(try JSONDocument(Array(body.utf8)))
            guard let request else {
                #expect(items.allSatisfy { $0.contains("reasoning") }, "\(body)")
                continue
            }
            let asked = try Self.read(Array(body.utf8))["input"] as? [[String: Any]]
            let chat = try Self.read(request.chat.document.bytes)["messages"] as? [[String: Any]]
            #expect(try Self.said(try #require(chat)) == Self.asked(try #require(asked)), "\(body)")
        }
    }

    @Test("nothing that is sent makes the translation fail otherwise than by a field's name")
    func garbage() throws {
        var generator = SeededGenerator(seed: 23)
        let pieces = [
            "{", "}", "[", "]", ",", ":", "\"type\"", "\"message\"", "\"function_call\"", "\"input\"", "\"role\"",
            "null", "1",
            "\"user\"", "\"content\"", "true", "\"tools\"", "\"x\"", "\"text\"", "\"input_image\"",
            "\"function_call_output\"",
            "\"call_id\"", "\"output\"", "\\", "\u{1F600}",
        ]
        var read = 0
        for _ in 0..<3000 {
            let agent = AgentChat(&generator)
            var bytes = Array(agent.responses.utf8)
            for _ in 0...Int.random(in: 0...3, using: &generator) {
                let start = Int.random(in: 0..<bytes.count, using: &generator)
                let end = min(bytes.count, start + Int.random(in: 0...12, using: &generator))
                bytes.replaceSubrange(start..<end, with: Array((pieces.randomElement(using: &generator) ?? "").utf8))
            }
            guard let document = try? JSONDocument(bytes) else { continue }
            read += 1
            do throws(FieldError) {
                let request = try ResponsesRequest(document)
                #expect(throws: Never.self) { try Self.read(request.chat.document.bytes) }
            } catch {
                #expect(!error.problem.isEmpty)
            }
        }
        #expect(read > 100)
    }

    // MARK: The obvious reading

    private static func read(_ bytes: [UInt8]) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
    }

    /// What a chat says, one line for each thing.
    private static func said(_ messages: [[String: Any]]) -> [String] {
        messages.flatMap { message -> [String] in
            let role = message["role"] as? String ?? "?"
            let id = message["tool_call_id"] as? String
            let calls = (message["tool_calls"] as? [[String: Any]] ?? []).map { call in
                let function = call["function"] as? [String: Any] ?? [:]
                return "call \(call["id"] ?? "") \(function["name"] ?? "") \(function["arguments"] ?? "")"
            }
            let parts = message["content"] as? [[String: Any]] ?? []
            let words = (message["content"] as? String).map { [$0] } ?? []
            let contents =
                words
                + parts.map { part in
                    let image = part["image_url"] as? [String: Any]
                    return (part["text"] ?? image?["url"]) as? String ?? "?"
                }
            return contents.filter { !$0.isEmpty }.map { "\(id ?? role): \($0)" } + calls
        }
    }

    /// What items ask, in the same lines: of neighbouring items of the assistant the words come first, of neighbouring
    /// results the images last and from the user.
    private static func asked(_ items: [[String: Any]]) -> [String] {
        var lines: [String] = []
        var calls: [String] = []
        var images: [String] = []
        for item in items {
            let type = item["type"] as? String ?? "message"
            let role = item["role"] as? String ?? ""
            if type == "reasoning" { continue }
            if type != "function_call_output" { (lines, images) = (lines + images, []) }
            if type != "function_call", role != "assistant" { (lines, calls) = (lines + calls, []) }
            let content = item[type == "message" ? "content" : "output"]
            let parts = content as? [[String: Any]] ?? (content as? String).map { [["text": $0]] } ?? []
            let words = parts.compactMap { ($0["text"] ?? $0["refusal"]) as? String }
            let urls = parts.compactMap { $0["image_url"] as? String }
            switch type {
            case "function_call":
                calls.append("call \(item["call_id"] ?? "") \(item["name"] ?? "") \(item["arguments"] ?? "")")
            case "function_call_output":
                let isImage = words.isEmpty && !urls.isEmpty
                let result = isImage ? ["The result is the image that follows."] : words
                lines += result.filter { !$0.isEmpty }.map { "\(item["call_id"] ?? ""): \($0)" }
                images += urls.map { "user: \($0)" }
            default:
                let name = role == "developer" ? "system" : role
                let contents = parts.compactMap { ($0["text"] ?? $0["refusal"] ?? $0["image_url"]) as? String }
                lines += contents.filter { !$0.isEmpty }.map { "\(name): \($0)" }
            }
        }
        return lines + calls + images
    }

    private static func item(_ generator: inout SeededGenerator) -> String {
        let text = AgentChat.text(&generator)
        let number = Int.random(in: 0...3, using: &generator)
        let parts = (0..<number).map { index in
            let words = AgentChat.text(&generator)
            return switch Int.random(in: 0...3, using: &generator) {
            case 0: #"{"type":"input_image","image_url":"https://h/\#(index).png"}"#
            case 1: #"{"type":"refusal","refusal":\#(words)}"#
            default: #"{"text":\#(words),"type":"output_text","annotations":[]}"#
            }
        }
        let content = Bool.random(using: &generator) ? text : "[\(parts.joined(separator: ","))]"
        switch Int.random(in: 0...6, using: &generator) {
        case 0: return #"{"type":"reasoning","id":"r","summary":[],"content":null}"#
        case 1: return #"{"role":"user","content":\#(content)}"#
        case 2: return #"{"type":"message","role":"developer","content":\#(text)}"#
        case 3: return #"{"role":"assistant","content":\#(content),"phase":"commentary"}"#
        case 4, 5: return #"{"type":"function_call","call_id":"c\#(number)","name":"f","arguments":\#(text)}"#
        default: return #"{"type":"function_call_output","call_id":"c\#(number)","output":\#(content)}"#
        }
    }
}

/// A random run of an agent, said in both formats.
private struct AgentChat {
    private(set) var chat = ""
    private(set) var responses = ""

    static func text(_ generator: inout SeededGenerator) -> String {
        let words = ["a", "ü", #"\""#, #"\\"#, #"\n"#, "日本", "{}", #"\u00e9"#]
        let count = Int.random(in: 1...5, using: &generator)
        return "\"" + (0..<count).map { _ in words[Int.random(in: 0..<words.count, using: &generator)] }.joined() + "\""
    }

    init(_ generator: inout SeededGenerator) {
        func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &generator) }
        func text() -> String { Self.text(&generator) }
        var messages: [String] = []
        var items: [String] = []
        var members: [(chat: String, responses: String)] = []
        if below(2) == 0 {
            let words = text()
            messages.append(#"{"role":"system","content":\#(words)}"#)
            members.append(("", #""instructions":\#(words)"#))
        }
        for turn in 0...below(3) {
            let (question, link) = (text(), below(9))
            if below(3) == 0 {
                messages.append(
                    #"{"role":"user","content":[{"type":"text","text":\#(question)},{"type":"image_url","image_url":{"url":"https://h/\#(link)"}}]}"#
                )
                items.append(
                    #"{"role":"user","content":[{"type":"input_text","text":\#(question)},{"type":"input_image","image_url":"https://h/\#(link)"}]}"#
                )
            } else {
                messages.append(#"{"role":"user","content":\#(question)}"#)
                items.append(#"{"type":"message","role":"user","content":\#(question)}"#)
            }
            for step in 0..<below(3) {
                let calls = (0...below(2)).map { (id: "call_\(turn)_\(step)_\($0)", arguments: text(), result: text()) }
                let said = below(2) == 0 ? nil : text()
                let list = calls.map {
                    #"{"id":"\#($0.id)","type":"function","function":{"name":"f","arguments":\#($0.arguments)}}"#
                }
                messages.append(
                    #"{"role":"assistant","content":\#(said ?? "null"),"tool_calls":[\#(list.joined(separator: ","))]}"#
                )
                if below(2) == 0 { items.append(#"{"type":"reasoning","id":"rs","summary":[]}"#) }
                if let said {
                    items.append(#"{"role":"assistant","content":[{"type":"output_text","text":\#(said)}]}"#)
                }
                for call in calls {
                    items.append(
                        #"{"type":"function_call","call_id":"\#(call.id)","name":"f","arguments":\#(call.arguments)}"#)
                }
                for call in calls {
                    messages.append(#"{"role":"tool","tool_call_id":"\#(call.id)","content":\#(call.result)}"#)
                    items.append(
                        #"{"type":"function_call_output","call_id":"\#(call.id)","output":\#(call.result)}"#)
                }
            }
            if below(3) > 0 {
                let answer = text()
                messages.append(#"{"role":"assistant","content":\#(answer)}"#)
                items.append(#"{"role":"assistant","content":\#(answer)}"#)
            }
        }
        if below(2) == 0 {
            let rest = #""name":"f","description":\#(text()),"parameters":{"type":"object"},"strict":true"#
            members.append(
                (
                    #""tools":[{"type":"function","function":{\#(rest)}}]"#,
                    #""tools":[{"type":"function",\#(rest)}]"#
                ))
        }
        if below(2) == 0 { members.append((#""max_tokens":7"#, #""max_output_tokens":7"#)) }
        chat = Self.body(#""messages":[\#(messages.joined(separator: ","))]"#, members.map(\.chat))
        responses = Self.body(#""input":[\#(items.joined(separator: ","))]"#, members.map(\.responses))
    }

    private static func body(_ conversation: String, _ members: [String]) -> String {
        "{" + ([#""model":"hera""#, conversation] + members.filter { !$0.isEmpty }).joined(separator: ",") + "}"
    }
}
