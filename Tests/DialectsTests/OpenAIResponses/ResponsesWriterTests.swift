import Dialects
import Domain
import Foundation
import JSON
import TestSupport
import Testing
import Upstream

@Suite("Answers in the form of OpenAI's Responses API")
struct ResponsesWriterTests {
    private static func writer(_ members: String = "") throws -> ResponsesWriter {
        let body = #"{"model":"hera","input":"x"\#(members)}"#
        let request = try ResponsesRequest(
            try JSONDocument(Array(body.utf8)), at: Timestamp(milliseconds: 1_790_000_000_500))
        return ResponsesWriter(id: "1", model: "test/m", frame: request.frame)
    }

    private static func read(_ bytes: [UInt8]) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
    }

    /// One spelling for what means the same.
    private static func spelled(_ items: [[String: Any]]) throws -> Data {
        try JSONSerialization.data(withJSONObject: items, options: .sortedKeys)
    }

    /// The events that a stream becomes, fed to the writer in some pieces.
    private static func events(_ pieces: [[UInt8]]) throws -> [[String: Any]] {
        var writer = ResponsesEventWriter(try writer())
        var chunks = ChatStreamReader(wire: .openAI, host: "h")
        var reader = SSEReader()
        var events: [[String: Any]] = []
        for chunk in try pieces.flatMap({ try chunks.feed($0) }) {
            for event in try reader.feed(writer.write(chunk)) {
                let data = try read(event.data)
                #expect(event.event == data["type"] as? String)
                events.append(data)
            }
        }
        #expect(events.compactMap { $0["sequence_number"] as? Int } == Array(events.indices))
        return events
    }

    private static func chunk(_ delta: String, _ finish: String = "null") -> [UInt8] {
        Array(#"data: {"model":"m-1","choices":[{"index":0,"delta":\#(delta),"finish_reason":\#(finish)}]}"#.utf8)
            + Array("\n\n".utf8)
    }

    private static let done = Array("data: [DONE]\n\n".utf8)

    @Test("an answer has the fields that clients ask for, and repeats its request")
    func whole() throws {
        var answer = ChatAnswer()
        answer.text = "4"
        answer.finishReason = .stop
        answer.usage = Usage(input: 30, cachedRead: 60, cacheWrite5m: 10, output: 7, reasoning: 3)
        let plain = String(decoding: try Self.writer().body(answer), as: UTF8.self)
        #expect(
            plain == #"""
                {"id":"resp_1","object":"response","status":"completed","error":null,"incomplete_details":null,\#
                "model":"test/m","output":[{"id":"msg_1_0","type":"message","status":"completed","role":"assistant",\#
                "content":[{"type":"output_text","text":"4","annotations":[],"logprobs":[]}]}],\#
                "usage":{"input_tokens":100,"input_tokens_details":{"cached_tokens":60,"cache_write_tokens":10},\#
                "output_tokens":10,"output_tokens_details":{"reasoning_tokens":3},"total_tokens":110},\#
                "service_tier":null,"created_at":1790000000,"instructions":null,"max_output_tokens":null,\#
                "parallel_tool_calls":true,"prompt_cache_key":null,"reasoning":{"effort":null,"summary":null},\#
                "safety_identifier":null,"temperature":null,"text":{"format":{"type":"text"}},"tool_choice":"auto",\#
                "tools":[],"top_p":null,"user":null,"top_logprobs":0,"previous_response_id":null,\#
                "truncation":"disabled","background":false,"store":false,"metadata":{}}
                """#)
        let members = #"""
            ,"instructions":"Be brief.","store":true,"metadata":{"a":"b"},"temperature":0.5,"tools":[{"type":"function",\#
            "name":"f","parameters":{}}],"tool_choice":"none","reasoning":{"effort":"low"},"prompt_cache_key":"k"
            """#
        let root = try JSONDocument(try Self.writer(members).body(answer)).root
        for name in [
            "instructions", "metadata", "temperature", "tools", "tool_choice", "reasoning", "prompt_cache_key",
        ] {
            let repeated = try #require(root[name].map { String(decoding: $0.raw, as: UTF8.self) })
            #expect(members.contains("\"\(name)\":\(repeated)"))
        }
        #expect(root["store"]?.boolean == false, "nothing is stored")
    }

    @Test("calls, refusals, cut and withheld answers have their items and their state")
    func states() throws {
        var answer = ChatAnswer()
        answer.toolCalls = [
            ToolCall(id: "a", name: "f", arguments: "{}"), ToolCall(id: "", name: "g", arguments: #"{"x":"#),
        ]
        answer.finishReason = .length
        let calls = try Self.read(try Self.writer().body(answer))
        let items = try #require(calls["output"] as? [[String: Any]])
        #expect(items.compactMap { $0["type"] as? String } == ["function_call", "function_call"])
        #expect(items.compactMap { $0["call_id"] as? String } == ["a", "call_1_1"])
        #expect(items.compactMap { $0["status"] as? String } == ["completed", "incomplete"])
        #expect(calls["status"] as? String == "incomplete" && calls["usage"] is NSNull)
        #expect((calls["incomplete_details"] as? [String: Any])?["reason"] as? String == "max_output_tokens")
        answer = ChatAnswer()
        answer.finishReason = .contentFilter
        let withheld = try Self.read(try Self.writer().body(answer))
        #expect((withheld["incomplete_details"] as? [String: Any])?["reason"] as? String == "content_filter")
        #expect((withheld["output"] as? [Any])?.count == 1, "an agent that got no item would ask again")
        answer.refusal = "No."
        let refused = try Self.read(try Self.writer().body(answer))
        #expect(refused["status"] as? String == "completed")
        let parts = (refused["output"] as? [[String: Any]])?.first?["content"] as? [[String: String]]
        #expect(parts == [["type": "refusal", "refusal": "No."]])
    }

    @Test("text and then a call stream as two items, and the last event has all of it")
    func stream() throws {
        let events = try Self.events([
            Self.chunk(#"{"role":"assistant","content":""}"#), Self.chunk(#"{"content":"Let me "}"#),
            Self.chunk(#"{"content":"see."}"#),
            Self.chunk(#"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":""}}]}"#),
            Self.chunk(#"{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}"#, #""tool_calls""#),
            Array(#"data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2}}"#.utf8) + Array("\n\n".utf8),
            Self.done,
        ])
        #expect(
            events.compactMap { ($0["type"] as? String)?.replacingOccurrences(of: "response.", with: "") } == [
                "created", "in_progress", "output_item.added", "content_part.added", "output_text.delta",
                "output_text.delta", "output_text.done", "content_part.done", "output_item.done", "output_item.added",
                "function_call_arguments.delta", "function_call_arguments.done", "output_item.done", "completed",
            ])
        let response = try #require(events.last?["response"] as? [String: Any])
        #expect(response["model"] as? String == "m-1")
        #expect((response["usage"] as? [String: Any])?["total_tokens"] as? Int == 7)
        let items = try #require(response["output"] as? [[String: Any]])
        #expect(items.compactMap { $0["id"] as? String } == ["msg_1_0", "fc_1_1"])
        let first = try #require(events.first?["response"] as? [String: Any])
        #expect(first["status"] as? String == "in_progress" && (first["output"] as? [Any])?.isEmpty == true)
    }

    @Test("reasoning streams as an item before the words, and what its provider wants back comes with it")
    func reasoning() throws {
        let events = try Self.events([
            Self.chunk(#"{"role":"assistant","reasoning_content":"Let me "}"#),
            Self.chunk(#"{"reasoning_content":"see."}"#), Self.chunk(#"{"content":"4"}"#),
            Self.chunk(#"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"},"seal":"s"}]}"#),
            Self.chunk(#"{"extra_content":{"x":1}}"#, #""tool_calls""#), Self.done,
        ])
        #expect(
            events.compactMap { ($0["type"] as? String)?.replacingOccurrences(of: "response.", with: "") } == [
                "created", "in_progress", "output_item.added", "content_part.added", "reasoning_text.delta",
                "reasoning_text.delta", "reasoning_text.done", "content_part.done", "output_item.done",
                "output_item.added", "content_part.added", "output_text.delta", "output_text.done", "content_part.done",
                "output_item.done", "output_item.added", "output_item.done", "output_item.added",
                "function_call_arguments.delta", "function_call_arguments.done", "output_item.done",
                "output_item.added", "output_item.done", "completed",
            ])
        let response = try #require(events.last?["response"] as? [String: Any])
        let items = try #require(response["output"] as? [[String: Any]])
        #expect(
            items.compactMap { $0["type"] as? String } == [
                "reasoning", "message", "reasoning", "function_call", "reasoning",
            ])
        let seals = items.compactMap { $0["encrypted_content"] as? String }
        #expect(seals.count == 3 && seals[0].contains("reasoning_content"))
        #expect(seals[1].contains(#""seal":"s""#) && seals[2].contains(#""extra_content":{"x":1}"#))
        let text = (items[0]["content"] as? [[String: String]])?.first
        #expect(text == ["type": "reasoning_text", "text": "Let me see."])
        // All of it goes back as one message.
        let input = String(decoding: try JSONSerialization.data(withJSONObject: items), as: UTF8.self)
        let body = #"{"model":"hera","input":\#(input)}"#
        let chat = try ResponsesRequest(try JSONDocument(Array(body.utf8))).chat.document
        func sent(to host: String) throws -> JSONValue? {
            let call = try ChatCall.sample(String(decoding: chat.bytes, as: UTF8.self), baseURL: "http://\(host)/v1")
            return try call.sent["messages"]?.elements.first { _ in true }
        }
        let other = try #require(try sent(to: "other"))
        #expect(
            other.members.map(\.key) == ["role", "content", "tool_calls"], "other servers get no more than they know")
        let message = try #require(try sent(to: "h"))
        #expect(message["reasoning_content"]?.string == "Let me see." && message["content"]?.string == "4")
        #expect(message["extra_content"]?["x"]?.integer == 1)
        #expect(message["tool_calls"]?.elements.first { _ in true }?["seal"]?.string == "s")
    }

    @Test("a stream that breaks ends as failed; before its beginning it is an error; comments pass; an end is an end")
    func failures() throws {
        let error = Array(#"data: {"error":{"message":"too hot"}}"#.utf8) + Array("\n\n".utf8)
        let broken = try Self.events([Self.chunk(#"{"content":"one"}"#), error, Self.chunk(#"{"content":"two"}"#)])
        let response = try #require(broken.last?["response"] as? [String: Any])
        #expect(broken.last?["type"] as? String == "response.failed")
        #expect(response["status"] as? String == "failed")
        #expect((response["error"] as? [String: Any])?["message"] as? String == "too hot")
        #expect((response["output"] as? [[String: Any]])?.first?["status"] as? String == "incomplete")
        let early = try Self.events([error])
        #expect(
            early.count == 1 && early[0]["type"] as? String == "error" && early[0]["message"] as? String == "too hot")
        var writer = ResponsesEventWriter(try Self.writer())
        #expect(writer.write(.comment("wait")) == Array(":\n\n".utf8))
        var late = ChatDelta()
        late.text = "x"
        #expect(!writer.write(.done).isEmpty && writer.write(ChatEvent(kind: .delta, delta: late)).isEmpty)
    }

    @Test("whatever is streamed, in whatever pieces, adds up event by event to the last one, and to the answer")
    func anyStream() throws {
        var generator = SeededGenerator(seed: 31)
        for round in 0..<300 {
            let stream = RandomStream(&generator)
            var pieces: [[UInt8]] = []
            var rest = stream.bytes[...]
            while !rest.isEmpty {
                let count = Int.random(in: 1...min(rest.count, 400), using: &generator)
                pieces.append(Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
            let events = try Self.events(pieces)
            var items: [Int: [String: Any]] = [:]
            var deltas: [String: String] = [:]
            for event in events {
                let index = event["output_index"] as? Int ?? -1
                let place = "\(index) \(event["content_index"] ?? "")"
                switch event["type"] as? String ?? "" {
                case "response.output_item.added":
                    #expect(index == items.count)
                    items[index] = event["item"] as? [String: Any]
                case let type where type.hasSuffix(".delta"):
                    deltas[place, default: ""] += event["delta"] as? String ?? ""
                case "response.output_text.done": #expect(event["text"] as? String == deltas[place, default: ""])
                case "response.refusal.done": #expect(event["refusal"] as? String == deltas[place, default: ""])
                case "response.function_call_arguments.done":
                    #expect(event["arguments"] as? String == deltas[place, default: ""])
                case "response.output_item.done":
                    #expect((event["item"] as? [String: Any])?["id"] as? String == items[index]?["id"] as? String)
                    items[index] = event["item"] as? [String: Any]
                default: break
                }
            }
            let response = try #require(events.last?["response"] as? [String: Any])
            let output = try #require(response["output"] as? [[String: Any]])
            let streamed = items.sorted { $0.key < $1.key }.map(\.value)
            #expect(try Self.spelled(output) == Self.spelled(streamed), "round \(round)")
            let contents = output.flatMap { $0["content"] as? [[String: Any]] ?? [] }
            #expect(contents.compactMap { $0["text"] as? String }.joined() == stream.text)
            #expect(contents.compactMap { $0["refusal"] as? String }.joined() == stream.refusal)
            let calls = output.filter { $0["type"] as? String == "function_call" }
            let said = calls.map { "\($0["call_id"] ?? "") \($0["name"] ?? "") \($0["arguments"] ?? "")" }
            #expect(said.sorted() == stream.calls.sorted(), "round \(round)")
            #expect(response["status"] as? String == (stream.isCut ? "incomplete" : "completed"))
            #expect(events.last?["type"] as? String == (stream.isCut ? "response.incomplete" : "response.completed"))
        }
    }

    @Test("garbage in a stream never stops the writer, and what it sends is JSON")
    func garbage() throws {
        var generator = SeededGenerator(seed: 32)
        for _ in 0..<300 {
            var bytes = RandomStream(&generator).bytes
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            _ = try Self.events([bytes])
        }
    }
}

/// A random chat stream, as servers send it: words, refusals, and calls whose pieces may be mixed.
private struct RandomStream {
    private(set) var text = ""
    private(set) var refusal = ""
    /// `id name arguments` of each call.
    private(set) var calls: [String] = []
    let isCut: Bool
    private(set) var bytes: [UInt8] = []

    init(_ generator: inout SeededGenerator) {
        func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &generator) }
        let words = ["a", "ü", "\"", "\\", "\n", "日本", "{}", "e\u{301}", "🏳️‍🌈"]
        func word() -> String { words[below(words.count)] }
        func quoted(_ text: String) -> String { String(decoding: JSONWriter.quoted(text), as: UTF8.self) }
        var chunks: [(delta: String, finish: String)] = [(#"{"role":"assistant","content":""}"#, "null")]
        var arguments: [String] = []
        for _ in 0..<below(12) {
            switch below(5) {
            case 0, 1:
                let word = word()
                text += word
                chunks.append((#"{"content":\#(quoted(word))}"#, "null"))
            case 2 where below(3) == 0:
                let word = word()
                refusal += word
                chunks.append((#"{"refusal":\#(quoted(word))}"#, "null"))
            case 3 where arguments.count < 3:
                chunks.append(
                    (
                        #"{"tool_calls":[{"index":\#(arguments.count),"id":"c\#(arguments.count)","function":{"name":"f","arguments":""}}]}"#,
                        "null"
                    ))
                arguments.append("")
            default:
                guard !arguments.isEmpty else { continue }
                let (index, word) = (below(arguments.count), word())
                arguments[index] += word
                chunks.append(
                    (#"{"tool_calls":[{"index":\#(index),"function":{"arguments":\#(quoted(word))}}]}"#, "null"))
            }
        }
        calls = arguments.enumerated().map { "c\($0.offset) f \($0.element)" }
        isCut = below(4) == 0
        chunks.append(("{}", isCut ? #""length""# : #""stop""#))
        for chunk in chunks {
            bytes += Array(
                #"data: {"model":"m","choices":[{"index":0,"delta":\#(chunk.delta),"finish_reason":\#(chunk.finish)}]}"#
                    .utf8)
            bytes += Array((below(5) == 0 ? "\n\n: alive\n\n" : "\n\n").utf8)
        }
        bytes += Array("data: [DONE]\n\n".utf8)
    }
}
